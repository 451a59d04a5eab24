--! not on supabase
-- How many people came, stayed, and use what: numbers for an admin's page, and no row of anybody's.
set local role keyloft_owner;

create function keyloft.people_figures() returns jsonb
  language plpgsql stable security definer
  set search_path = ''
as $$
declare
  today date := (pg_catalog.now() at time zone 'UTC')::date;
begin
  perform keyloft.require_admin();
  return (
    with people as (
      select u.id, u.is_anonymous, (u.created_at at time zone 'UTC')::date as day from auth.users u
    ), used as (
      -- The hours of calls are few beside the calls. Twelve weeks: as far back as the weeks below.
      select distinct h.user_id, (h.hour at time zone 'UTC')::date as day
        from public.usage_hourly h where h.hour >= (today - 84)::timestamp at time zone 'UTC'
    ), weeks as (
      select p.id, pg_catalog.date_trunc('week', p.day::timestamp)::date as week from people p
       where p.day >= pg_catalog.date_trunc('week', (today - 49)::timestamp)::date
    ), stayed as (
      select w.week, (pg_catalog.date_trunc('week', u.day::timestamp)::date - w.week) / 7 as later, pg_catalog.count(distinct w.id) as people
        from weeks w join used u on u.user_id = w.id and u.day >= w.week group by 1, 2
    )
    select pg_catalog.jsonb_build_object(
      'people', (select pg_catalog.count(*) from people),
      'anonymous', (select pg_catalog.count(*) from people where is_anonymous),
      'movedFromAnonymous', (select pg_catalog.count(*) from keyloft.user_aliases),
      'pro', (select pg_catalog.count(*) from public.user_standing where tier = 'pro'),
      'admins', (select pg_catalog.count(*) from public.user_standing where is_admin),
      'closed', (select pg_catalog.count(*) from public.user_standing where disabled_at is not null or deactivated_at is not null),
      'activeToday', (select pg_catalog.count(distinct user_id) from used where day = today),
      'activeIn7Days', (select pg_catalog.count(distinct user_id) from used where day > today - 7),
      'activeIn30Days', (select pg_catalog.count(distinct user_id) from used where day > today - 30),
      'registrations', (
        select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('day', d.day::date, 'people', d.people, 'anonymous', d.anonymous) order by d.day)
          from (select g.day, pg_catalog.count(p.id) as people, pg_catalog.count(p.id) filter (where p.is_anonymous) as anonymous
                  from pg_catalog.generate_series((today - 29)::timestamp, today::timestamp, interval '1 day') as g(day)
                  left join people p on p.day = g.day::date group by 1) d),
      'retention', (
        select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('week', c.week, 'people', c.people, 'active', c.active) order by c.week desc), '[]')
          from (select w.week, pg_catalog.count(*) as people,
                       (select pg_catalog.jsonb_agg(coalesce(s.people, 0) order by g.later)
                          from pg_catalog.generate_series(0, (pg_catalog.date_trunc('week', today::timestamp)::date - w.week) / 7) as g(later)
                          left join stayed s on s.week = w.week and s.later = g.later) as active
                  from weeks w group by 1) c),
      'features', pg_catalog.jsonb_build_object(
        'called', (select pg_catalog.count(distinct user_id) from used),
        'keptAKey', (select pg_catalog.count(distinct user_id) from public.api_keys),
        'madeAToken', (select pg_catalog.count(distinct user_id) from public.api_tokens where revoked_at is null),
        'hasOwnGateway', (select pg_catalog.count(*) from public.api_gateway_configs where base_url is not null),
        'ownKeysOnly', (select pg_catalog.count(*) from public.user_settings where own_keys_only),
        'signsInElsewhere', (select pg_catalog.count(distinct user_id) from auth.accounts where provider_id <> 'credential')))
  );
end
$$;
comment on function keyloft.people_figures() is 'Registrations by day, the weeks in which those of a week came back to make calls, and how many use what. UTC.';

grant select (id, is_anonymous, created_at) on auth.users to keyloft_definer;
grant select (provider_id) on auth.accounts to keyloft_definer;

revoke all on function keyloft.people_figures() from public;
grant execute on function keyloft.people_figures() to service_role;
grant create on schema keyloft to keyloft_definer;
alter function keyloft.people_figures() owner to keyloft_definer;
revoke create on schema keyloft from keyloft_definer;

create policy "people are counted" on auth.users for select to keyloft_definer using (true);
