-- Calls that have not ended, and places for calls that may come.
set local role keyloft_owner;

create table keyloft.holds (
  user_id uuid not null,
  id uuid not null,
  started_at timestamptz not null,
  request_id text not null,
  operation text not null,
  provider text not null,
  model text not null,
  credential_source text not null,
  key_id uuid,
  token_id uuid,
  decisions json not null,
  most_cost_usd numeric,
  most_tokens bigint,
  quota_ids uuid[],
  reserved_at timestamptz,
  advance_id uuid,
  lease_until timestamptz not null,
  primary key (user_id, id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000);
comment on table keyloft.holds is 'Calls that are under way. A row whose lease has ended belonged to a process that went away. No index of leases: the table is small and read through once a minute, and every call would pay for it.';
comment on column keyloft.holds.most_cost_usd is 'What it may cost at most, where somebody could tell; booked if nobody ever settles it.';
comment on column keyloft.holds.quota_ids is 'The quotas in which it has reserved one request, most_tokens and most_cost_usd.';
comment on column keyloft.holds.advance_id is 'The advance in which a place is reserved for it, in place of a reservation of its own.';

create table keyloft.advances (
  id uuid primary key,
  user_id uuid not null,
  quota_ids uuid[] not null,
  reserved_at timestamptz not null,
  most_tokens bigint,
  most_cost_usd numeric,
  places integer not null,
  is_closed boolean not null default false,
  presumed_at timestamptz,
  lease_until timestamptz not null
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
comment on table keyloft.advances is 'Places that a process has reserved for calls that are alike, before they come. Each call draws one when it is written down; what no call came for is given back within half a second.';
comment on column keyloft.advances.places is 'How many calls it still reserves for: one request, most_tokens and most_cost_usd each.';
comment on column keyloft.advances.is_closed is 'Its process has given back what was free. The places left are of calls that are not written down yet.';
comment on column keyloft.advances.presumed_at is 'Its process was silent for too long: its places count as used from then on. A call that draws one all the same counts as what it used.';

alter table keyloft.holds enable row level security;
alter table keyloft.holds force row level security;
revoke all on keyloft.holds from public, anon, authenticated, service_role;
create policy "owner maintains" on keyloft.holds
  for all to keyloft_owner using (true) with check (true);
create policy "its functions keep it" on keyloft.holds
  for all to keyloft_definer using (true) with check (true);

alter table keyloft.advances enable row level security;
alter table keyloft.advances force row level security;
revoke all on keyloft.advances from public, anon, authenticated, service_role;
create policy "owner maintains" on keyloft.advances
  for all to keyloft_owner using (true) with check (true);
create policy "its functions keep it" on keyloft.advances
  for all to keyloft_definer using (true) with check (true);

grant select, insert, update, delete on keyloft.holds, keyloft.advances to keyloft_definer;
