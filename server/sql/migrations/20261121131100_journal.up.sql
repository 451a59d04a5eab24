-- The journal (decision 0036). What a call waits for is that its end is safe, and not that it is priced and added up: ends are
-- noted as they come, many in one row, and posted to the books a moment later, many notes at once. Until then they count as
-- under way; whoever must know exactly posts first.
set local role keyloft_owner;

create table keyloft.journal (
  id bigint generated always as identity primary key,
  ends text not null,
  fault text
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 20000);
alter table keyloft.journal alter column ends set storage external; -- of a row that lives for milliseconds
comment on table keyloft.journal is 'Calls that have ended and are not in usage_records yet. Rows live for milliseconds, but for those with a fault.';
comment on column keyloft.journal.ends is 'Of type keyloft.call_end as text, with the character 30 between them: what cannot be read must not be lost.';
comment on column keyloft.journal.fault is 'Why it could not be posted. Kept until somebody has looked at it.';

create function keyloft.note_ends(in_ends text) returns void
  language plpgsql volatile security definer
  set search_path = ''
as $$
begin
  insert into keyloft.journal (ends) values (in_ends);
end
$$;
comment on function keyloft.note_ends(text) is 'Notes calls that have ended, as keyloft.journal has them. Safe from then on, and posted soon.';

-- One that cannot be read, or written, fails no other: it is found by halves, goes without the provider's own words, which
-- alone were not made here, and is kept aside if that does not help. Only what a value can do wrong counts against it;
-- whatever is wrong with the database undoes all of it, and it goes another time.
create function keyloft.post_lines(in_lines text[], out lowered integer, out faulty integer)
  language plpgsql volatile
  set search_path = ''
as $$
declare
  ends keyloft.call_end[];
  verdicts text[];
  fault text;
  half integer := cardinality(in_lines) / 2;
begin
  begin
    select pg_catalog.array_agg(line::keyloft.call_end) into ends from unnest(in_lines) as line;
    verdicts := keyloft.settle_calls(ends);
  exception when data_exception or integrity_constraint_violation or program_limit_exceeded then
    fault := sqlerrm;
  end;
  if fault is not null and half > 0 then
    select pg_catalog.sum(p.lowered), pg_catalog.sum(p.faulty) into lowered, faulty
      from (values (in_lines[:half]), (in_lines[half + 1:])) as h (lines) cross join lateral keyloft.post_lines(h.lines) p;
    return;
  end if;
  if fault is not null then
    begin
      ends := array[in_lines[1]::keyloft.call_end];
      ends[1].provider_usage := null;
      verdicts := keyloft.settle_calls(ends);
    exception when data_exception or integrity_constraint_violation or program_limit_exceeded then
      verdicts := array[fault];
    end;
  end if;
  lowered := cardinality(pg_catalog.array_positions(verdicts, 'lowered'));
  insert into keyloft.journal (ends, fault)
  select in_lines[place], verdict from unnest(verdicts) with ordinality as v (verdict, place) where verdict not in ('settled', 'already', 'lowered');
  get diagnostics faulty = row_count;
end
$$;
comment on function keyloft.post_lines(text[]) is 'Posts ends to the books, each by itself if need be.';

create function keyloft.post_ends(in_most integer, in_waits boolean, out taken integer, out lowered integer, out faulty integer)
  language plpgsql volatile security definer
  set search_path = ''
as $$
declare
  notes text;
begin
  -- Before any other lock. Whoever waits here holds none.
  if in_waits then
    perform from keyloft.journal j where j.fault is null order by j.id limit in_most for update;
  end if;
  with gone as (
    delete from keyloft.journal j
     where j.id = any (array(select o.id from keyloft.journal o where o.fault is null order by o.id limit in_most for update skip locked))
    returning j.ends
  )
  select pg_catalog.count(*), pg_catalog.string_agg(g.ends, E'\x1e') into taken, notes from gone g;
  lowered := 0;
  faulty := 0;
  if taken > 0 then
    select p.lowered, p.faulty into lowered, faulty from keyloft.post_lines(pg_catalog.string_to_array(notes, E'\x1e')) p;
  end if;
end
$$;
comment on function keyloft.post_ends(integer, boolean) is 'Posts what was noted to the books: so many notes at most. Waits, if asked to, for those that somebody else is posting.';

alter table keyloft.journal enable row level security;
alter table keyloft.journal force row level security;
revoke all on keyloft.journal from public, anon, authenticated, service_role;
grant select, insert, update, delete on keyloft.journal to keyloft_definer;
create policy "owner maintains" on keyloft.journal
  for all to keyloft_owner using (true) with check (true);
create policy "its functions keep it" on keyloft.journal
  for all to keyloft_definer using (true) with check (true);

revoke all on function keyloft.note_ends(text), keyloft.post_lines(text[]), keyloft.post_ends(integer, boolean) from public;
grant execute on function keyloft.post_lines(text[]) to keyloft_definer;
grant execute on function keyloft.note_ends(text), keyloft.post_ends(integer, boolean) to service_role;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.note_ends(text) owner to keyloft_definer;
alter function keyloft.post_ends(integer, boolean) owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;
