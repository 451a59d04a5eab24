-- Changes that every process must hear of, because it remembers what was before. A listener takes a signal as a hint to
-- forget and ask again; any login can send one, so nothing in it is believed.
set local role keyloft_owner;

create function keyloft.signal_change() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  perform pg_catalog.pg_notify('keyloft', tg_argv[0] || ' ' || coalesce(pg_catalog.to_jsonb(case when tg_op = 'INSERT' then new else old end) ->> tg_argv[1], ''));
  return null;
end
$$;
comment on function keyloft.signal_change() is 'Trigger, after a row: signals its topic (first argument) and the value of a column (second).';
revoke all on function keyloft.signal_change() from public;
