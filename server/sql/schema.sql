-- DO NOT EDIT. What the migrations add up to, dumped from PostgreSQL 15 by `npm run generate`; a test checks that it is fresh.

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

-- Name: auth; Type: SCHEMA; Schema: -; Owner: keyloft_owner

CREATE SCHEMA auth;

ALTER SCHEMA auth OWNER TO keyloft_owner;

-- Name: SCHEMA auth; Type: COMMENT; Schema: -; Owner: keyloft_owner

COMMENT ON SCHEMA auth IS 'Who somebody is: accounts, sessions, and what policies ask (auth.uid()).';

-- Name: keyloft; Type: SCHEMA; Schema: -; Owner: keyloft_owner

CREATE SCHEMA keyloft;

ALTER SCHEMA keyloft OWNER TO keyloft_owner;

-- Name: SCHEMA keyloft; Type: COMMENT; Schema: -; Owner: keyloft_owner

COMMENT ON SCHEMA keyloft IS 'Private to the server. Users reach nothing in it; service_role reaches named functions only.';

-- Name: keyloft_migrations; Type: SCHEMA; Schema: -; Owner: keyloft_owner

CREATE SCHEMA keyloft_migrations;

ALTER SCHEMA keyloft_migrations OWNER TO keyloft_owner;

-- Name: SCHEMA keyloft_migrations; Type: COMMENT; Schema: -; Owner: keyloft_owner

COMMENT ON SCHEMA keyloft_migrations IS 'Which migrations this database has. Kept by keyloft migrate.';

-- Name: pgboss; Type: SCHEMA; Schema: -; Owner: keyloft_owner

CREATE SCHEMA pgboss;

ALTER SCHEMA pgboss OWNER TO keyloft_owner;

-- Name: SCHEMA pgboss; Type: COMMENT; Schema: -; Owner: keyloft_owner

COMMENT ON SCHEMA pgboss IS 'The job queue (pg-boss). Changed by our migrations only.';

-- Name: realtime; Type: SCHEMA; Schema: -; Owner: keyloft_owner

CREATE SCHEMA realtime;

ALTER SCHEMA realtime OWNER TO keyloft_owner;

-- Name: SCHEMA realtime; Type: COMMENT; Schema: -; Owner: keyloft_owner

COMMENT ON SCHEMA realtime IS 'Messages between clients.';

-- Name: call_end; Type: TYPE; Schema: keyloft; Owner: keyloft_owner

CREATE TYPE keyloft.call_end AS (
	user_id uuid,
	id uuid,
	started_at timestamp with time zone,
	request_id text,
	operation text,
	provider text,
	model text,
	credential_source text,
	key_id uuid,
	token_id uuid,
	decisions json,
	was_opened boolean,
	ended_at timestamp with time zone,
	outcome text,
	status integer,
	first_byte_ms integer,
	input_tokens bigint,
	cached_input_tokens bigint,
	cache_write_5m_tokens bigint,
	cache_write_1h_tokens bigint,
	audio_input_tokens bigint,
	output_tokens bigint,
	reasoning_tokens bigint,
	audio_output_tokens bigint,
	images bigint,
	searches bigint,
	usage_basis text,
	provider_usage text,
	provider_cost_usd numeric,
	advance_id uuid
);

ALTER TYPE keyloft.call_end OWNER TO keyloft_owner;

-- Name: TYPE call_end; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON TYPE keyloft.call_end IS 'A call as it is told when it has ended. Counts may be missing, which is none; was_opened, which is that a hold is looked for.';

-- Name: counted_call; Type: TYPE; Schema: keyloft; Owner: keyloft_owner

CREATE TYPE keyloft.counted_call AS (
	user_id uuid,
	id uuid,
	started_at timestamp with time zone,
	provider text,
	model text,
	credential_source text,
	key_id uuid,
	usage_basis text,
	tokens bigint,
	cost_usd numeric
);

ALTER TYPE keyloft.counted_call OWNER TO keyloft_owner;

-- Name: TYPE counted_call; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON TYPE keyloft.counted_call IS 'Of a call that was written, what quotas count.';

-- Name: quota_change; Type: TYPE; Schema: keyloft; Owner: keyloft_owner

CREATE TYPE keyloft.quota_change AS (
	quota_id uuid,
	freed_requests bigint,
	freed_tokens bigint,
	freed_cost numeric,
	used_requests bigint,
	used_tokens bigint,
	used_cost numeric
);

ALTER TYPE keyloft.quota_change OWNER TO keyloft_owner;

-- Name: job_state; Type: TYPE; Schema: pgboss; Owner: keyloft_owner

CREATE TYPE pgboss.job_state AS ENUM (
    'created',
    'retry',
    'active',
    'completed',
    'cancelled',
    'failed'
);

ALTER TYPE pgboss.job_state OWNER TO keyloft_owner;

-- Name: jwt(); Type: FUNCTION; Schema: auth; Owner: keyloft_owner

CREATE FUNCTION auth.jwt() RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN COALESCE((NULLIF(current_setting('request.jwt.claims'::text, true), ''::text))::jsonb, '{}'::jsonb);

ALTER FUNCTION auth.jwt() OWNER TO keyloft_owner;

-- Name: FUNCTION jwt(); Type: COMMENT; Schema: auth; Owner: keyloft_owner

COMMENT ON FUNCTION auth.jwt() IS 'The claims of the credential this transaction acts for; empty outside of one.';

-- Name: role(); Type: FUNCTION; Schema: auth; Owner: keyloft_owner

CREATE FUNCTION auth.role() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (auth.jwt() ->> 'role'::text);

ALTER FUNCTION auth.role() OWNER TO keyloft_owner;

-- Name: FUNCTION role(); Type: COMMENT; Schema: auth; Owner: keyloft_owner

COMMENT ON FUNCTION auth.role() IS 'The role claim of this transaction: anon, authenticated or service_role.';

-- Name: uid(); Type: FUNCTION; Schema: auth; Owner: keyloft_owner

CREATE FUNCTION auth.uid() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (NULLIF((auth.jwt() ->> 'sub'::text), ''::text))::uuid;

ALTER FUNCTION auth.uid() OWNER TO keyloft_owner;

-- Name: FUNCTION uid(); Type: COMMENT; Schema: auth; Owner: keyloft_owner

COMMENT ON FUNCTION auth.uid() IS 'The user this transaction acts for, or null.';

-- Name: user_of_external_identity(text, text, text); Type: FUNCTION; Schema: auth; Owner: keyloft_owner

CREATE FUNCTION auth.user_of_external_identity(issuer text, subject text, verified_email text) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $_$
declare
  found_id uuid;
begin
  select e.user_id into found_id from auth.external_identities e where e.issuer = $1 and e.subject = $2;
  if found_id is not null then
    return found_id;
  end if;
  -- Two first sights at once must find one user.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($2, pg_catalog.hashtextextended($1, 1)));
  select e.user_id into found_id from auth.external_identities e where e.issuer = $1 and e.subject = $2;
  if found_id is not null then
    return found_id;
  end if;
  -- An address that somebody has here already stays theirs: joining the two accounts is a decision of its own.
  if verified_email is not null then
    insert into auth.users (email, email_verified) values (pg_catalog.lower(verified_email), true)
      on conflict do nothing returning id into found_id;
  end if;
  if found_id is null then
    found_id := pg_catalog.gen_random_uuid();
    insert into auth.users (id, email) values (found_id, found_id || '@external.invalid');
  end if;
  insert into auth.external_identities (issuer, subject, user_id) values ($1, $2, found_id);
  return found_id;
end
$_$;

ALTER FUNCTION auth.user_of_external_identity(issuer text, subject text, verified_email text) OWNER TO keyloft_owner;

-- Name: FUNCTION user_of_external_identity(issuer text, subject text, verified_email text); Type: COMMENT; Schema: auth; Owner: keyloft_owner

COMMENT ON FUNCTION auth.user_of_external_identity(issuer text, subject text, verified_email text) IS 'The local user of an external subject, made on first sight.';

-- Name: abandon_idempotent(uuid, text); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.abandon_idempotent(in_user_id uuid, in_key text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  delete from keyloft.idempotent_requests requests
   where requests.user_id is not distinct from in_user_id and requests.key = in_key and requests.status is null
$$;

ALTER FUNCTION keyloft.abandon_idempotent(in_user_id uuid, in_key text) OWNER TO keyloft_definer;

-- Name: FUNCTION abandon_idempotent(in_user_id uuid, in_key text); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.abandon_idempotent(in_user_id uuid, in_key text) IS 'Frees the key of a request that failed on our side, so that it can be tried again.';

-- Name: add_first_data_key(uuid, text); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.add_first_data_key(in_user_id uuid, in_wrapped text) RETURNS text
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  -- Of two processes that find none at once, the first one's counts, and both get it. The update changes nothing: it
  -- is what makes the row visible to the second.
  insert into keyloft.data_keys as k (user_id, version, wrapped) values (in_user_id, 1, in_wrapped)
    on conflict (user_id, version) do update set version = k.version
  returning k.wrapped
$$;

ALTER FUNCTION keyloft.add_first_data_key(in_user_id uuid, in_wrapped text) OWNER TO keyloft_definer;

-- Name: FUNCTION add_first_data_key(in_user_id uuid, in_wrapped text); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.add_first_data_key(in_user_id uuid, in_wrapped text) IS 'Gives a person their first data key and returns the one that counts.';

-- Name: add_signing_key(uuid, text, uuid, text, text, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.add_signing_key(in_id uuid, in_public_key text, in_secret_id uuid, in_alg text, in_crv text, in_created_at timestamp with time zone, in_expires_at timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  insert into auth.jwks (id, public_key, private_key, alg, crv, created_at, expires_at)
  values (in_id, in_public_key, in_secret_id::text, in_alg, in_crv, in_created_at, in_expires_at)
$$;

ALTER FUNCTION keyloft.add_signing_key(in_id uuid, in_public_key text, in_secret_id uuid, in_alg text, in_crv text, in_created_at timestamp with time zone, in_expires_at timestamp with time zone) OWNER TO keyloft_definer;

-- Name: FUNCTION add_signing_key(in_id uuid, in_public_key text, in_secret_id uuid, in_alg text, in_crv text, in_created_at timestamp with time zone, in_expires_at timestamp with time zone); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.add_signing_key(in_id uuid, in_public_key text, in_secret_id uuid, in_alg text, in_crv text, in_created_at timestamp with time zone, in_expires_at timestamp with time zone) IS 'Keeps a new key; its private half was kept in the same transaction.';

-- Name: alert_figures(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.alert_figures(OUT people_without_key bigint, OUT calls_left_open bigint) RETURNS record
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform keyloft.require_admin();
  select pg_catalog.count(*) into people_without_key
    from (select distinct h.user_id from public.usage_hourly h
           where h.hour > pg_catalog.now() - interval '7 days' and h.credential_source = 'user-key') active
   where not exists (select from public.api_keys k where k.user_id = active.user_id and k.is_enabled and k.is_valid);
  -- Swept once a minute, so only what should have been.
  select pg_catalog.count(*) into calls_left_open from keyloft.holds where lease_until < pg_catalog.now() - interval '5 minutes';
end
$$;

ALTER FUNCTION keyloft.alert_figures(OUT people_without_key bigint, OUT calls_left_open bigint) OWNER TO keyloft_definer;

-- Name: FUNCTION alert_figures(OUT people_without_key bigint, OUT calls_left_open bigint); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.alert_figures(OUT people_without_key bigint, OUT calls_left_open bigint) IS 'What the conditions of alerts need to know of everybody''s rows, as numbers.';

-- Name: anonymous_among(uuid[]); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.anonymous_among(in_user_ids uuid[]) RETURNS uuid[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return array(select u.id from auth.users u where u.id = any (in_user_ids) and u.is_anonymous);
end
$$;

ALTER FUNCTION keyloft.anonymous_among(in_user_ids uuid[]) OWNER TO keyloft_owner;

-- Name: FUNCTION anonymous_among(in_user_ids uuid[]); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.anonymous_among(in_user_ids uuid[]) IS 'Who of these has no account yet.';

-- Name: another_name(text, integer); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.another_name(in_name text, in_attempt integer) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
  select case when in_attempt = 1 and in_name = '' then 'moved'
              else pg_catalog.left(coalesce(nullif(in_name, ''), 'moved'), 90) || '-' || in_attempt + 1 end
$$;

ALTER FUNCTION keyloft.another_name(in_name text, in_attempt integer) OWNER TO keyloft_owner;

-- Name: FUNCTION another_name(in_name text, in_attempt integer); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.another_name(in_name text, in_attempt integer) IS 'What may be tried in place of a name that is taken.';

-- Name: applied_migrations(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.applied_migrations() RETURNS TABLE(name text, sha256 text, breaking boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select applied.name::text, files.sha256, files.breaking
    from keyloft_migrations.applied
    left join keyloft_migrations.files on files.name = applied.name
   order by applied.name
$$;

ALTER FUNCTION keyloft.applied_migrations() OWNER TO keyloft_definer;

-- Name: FUNCTION applied_migrations(); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.applied_migrations() IS 'Which migrations this database has, so that the server needs no owner to decide whether it may run.';

SET default_tablespace = '';

SET default_table_access_method = heap;

-- Name: user_quota_limits; Type: TABLE; Schema: public; Owner: keyloft_owner

CREATE TABLE public.user_quota_limits (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid,
    type text NOT NULL,
    provider text,
    model text,
    spend text DEFAULT 'all'::text NOT NULL,
    set_by text DEFAULT 'operator'::text NOT NULL,
    key_id uuid,
    request_limit bigint,
    token_limit bigint,
    cost_limit numeric,
    used_requests bigint DEFAULT 0 NOT NULL,
    used_tokens bigint DEFAULT 0 NOT NULL,
    used_cost numeric DEFAULT 0 NOT NULL,
    reserved_requests bigint DEFAULT 0 NOT NULL,
    reserved_tokens bigint DEFAULT 0 NOT NULL,
    reserved_cost numeric DEFAULT 0 NOT NULL,
    reset_at timestamp with time zone,
    last_reset timestamp with time zone,
    is_active boolean DEFAULT true NOT NULL,
    no_advances_until timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.user_quota_limits FORCE ROW LEVEL SECURITY;

ALTER TABLE public.user_quota_limits OWNER TO keyloft_owner;

-- Name: TABLE user_quota_limits; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON TABLE public.user_quota_limits IS 'What a person may use, and what they have used of it. A row of user_id, type and one limit is enough.';

-- Name: COLUMN user_quota_limits.user_id; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.user_quota_limits.user_id IS 'Null: of everybody together (set_by platform). What all people may spend of the operator''s money; no person sees it.';

-- Name: COLUMN user_quota_limits.type; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.user_quota_limits.type IS 'daily and monthly count every call; provider and model those of one, by the day. Days and months are those of UTC.';

-- Name: COLUMN user_quota_limits.model; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.user_quota_limits.model IS 'As it is sent to the provider. With a * at its end: every model whose name begins so.';

-- Name: COLUMN user_quota_limits.spend; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.user_quota_limits.spend IS 'Which calls count: own are those with a key of the person''s, platform those that the operator pays for.';

-- Name: COLUMN user_quota_limits.set_by; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.user_quota_limits.set_by IS 'person: their own, of calls with their own keys. key: kept by api_keys. tier: its limits stand in quota_tiers; here is what was used of them. platform: the operator''s, over everybody.';

-- Name: COLUMN user_quota_limits.reserved_cost; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.user_quota_limits.reserved_cost IS 'What calls under way may cost at most, and those for which places are reserved in advance. Used and reserved together never pass the limit.';

-- Name: COLUMN user_quota_limits.reset_at; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.user_quota_limits.reset_at IS 'When the window ends; the next call then begins another. Null: it has not begun, and begins with what was used in it before.';

-- Name: COLUMN user_quota_limits.last_reset; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.user_quota_limits.last_reset IS 'When the window began to be counted. Reservations from before it are of another window.';

-- Name: COLUMN user_quota_limits.no_advances_until; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.user_quota_limits.no_advances_until IS 'It has refused a call: nothing is reserved in advance for a while, so that whoever was refused can be sure what is left.';

-- Name: are_limited(uuid[], boolean); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.are_limited(in_user_ids uuid[], in_platform boolean) RETURNS boolean
    LANGUAGE sql STABLE
    RETURN (EXISTS (SELECT FROM public.user_quota_limits q WHERE ((q.user_id = ANY (are_limited.in_user_ids)) OR (are_limited.in_platform AND (q.user_id IS NULL)))));

ALTER FUNCTION keyloft.are_limited(in_user_ids uuid[], in_platform boolean) OWNER TO keyloft_owner;

-- Name: FUNCTION are_limited(in_user_ids uuid[], in_platform boolean); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.are_limited(in_user_ids uuid[], in_platform boolean) IS 'Whether there is a quota of any of these people, or if asked one over everybody.';

-- Name: advances; Type: TABLE; Schema: keyloft; Owner: keyloft_owner

CREATE TABLE keyloft.advances (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    quota_ids uuid[] NOT NULL,
    reserved_at timestamp with time zone NOT NULL,
    most_tokens bigint,
    most_cost_usd numeric,
    places integer NOT NULL,
    is_closed boolean DEFAULT false NOT NULL,
    presumed_at timestamp with time zone,
    lease_until timestamp with time zone NOT NULL
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='2000');

ALTER TABLE ONLY keyloft.advances FORCE ROW LEVEL SECURITY;

ALTER TABLE keyloft.advances OWNER TO keyloft_owner;

-- Name: TABLE advances; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON TABLE keyloft.advances IS 'Places that a process has reserved for calls that are alike, before they come. Each call draws one when it is written down; what no call came for is given back within half a second.';

-- Name: COLUMN advances.places; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON COLUMN keyloft.advances.places IS 'How many calls it still reserves for: one request, most_tokens and most_cost_usd each.';

-- Name: COLUMN advances.is_closed; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON COLUMN keyloft.advances.is_closed IS 'Its process has given back what was free. The places left are of calls that are not written down yet.';

-- Name: COLUMN advances.presumed_at; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON COLUMN keyloft.advances.presumed_at IS 'Its process was silent for too long: its places count as used from then on. A call that draws one all the same counts as what it used.';

-- Name: are_of_everybody(keyloft.advances[]); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.are_of_everybody(in_advances keyloft.advances[]) RETURNS boolean
    LANGUAGE sql STABLE
    RETURN (EXISTS (SELECT FROM (unnest(are_of_everybody.in_advances) a(id, user_id, quota_ids, reserved_at, most_tokens, most_cost_usd, places, is_closed, presumed_at, lease_until) JOIN public.user_quota_limits q ON ((q.id = ANY (a.quota_ids)))) WHERE (q.user_id IS NULL)));

ALTER FUNCTION keyloft.are_of_everybody(in_advances keyloft.advances[]) OWNER TO keyloft_owner;

-- Name: FUNCTION are_of_everybody(in_advances keyloft.advances[]); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.are_of_everybody(in_advances keyloft.advances[]) IS 'Whether any of these is reserved also in a quota over everybody.';

-- Name: audit_api_key(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.audit_api_key() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  it public.api_keys := coalesce(new, old);
  changed text[];
begin
  if tg_op = 'UPDATE' then
    changed := array_remove(array[
      case when new.key_name is distinct from old.key_name then 'key_name' end,
      case when new.secret_id is distinct from old.secret_id then 'key' end,
      case when new.priority is distinct from old.priority then 'priority' end,
      case when new.is_enabled is distinct from old.is_enabled then 'is_enabled' end,
      case when (new.daily_limit, new.monthly_limit) is distinct from (old.daily_limit, old.monthly_limit) then 'limits' end
    ], null);
    if changed = '{}' then
      return null; -- when it was used, or what a verification found
    end if;
  end if;
  perform keyloft.record_audit(
    in_action => 'api_key.' || case tg_op when 'INSERT' then 'added' when 'DELETE' then 'deleted' else 'changed' end,
    in_user_id => it.user_id,
    in_subject => it.id::text,
    in_details => pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
      'service', it.service, 'fingerprint', it.fingerprint, 'changed', pg_catalog.to_jsonb(changed))));
  return null;
end
$$;

ALTER FUNCTION keyloft.audit_api_key() OWNER TO keyloft_definer;

-- Name: FUNCTION audit_api_key(); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.audit_api_key() IS 'Trigger: who added, changed or deleted a key.';

-- Name: audit_gateway_config(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.audit_gateway_config() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform keyloft.record_audit(
    in_action => 'gateway.' || case tg_op when 'INSERT' then 'added' when 'DELETE' then 'deleted' else 'changed' end,
    in_user_id => (coalesce(new, old)).user_id);
  return null;
end
$$;

ALTER FUNCTION keyloft.audit_gateway_config() OWNER TO keyloft_definer;

-- Name: FUNCTION audit_gateway_config(); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.audit_gateway_config() IS 'Trigger: who set, changed or deleted a gateway.';

-- Name: audit_log; Type: TABLE; Schema: keyloft; Owner: keyloft_owner

CREATE TABLE keyloft.audit_log (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    actor_role text NOT NULL,
    actor_id uuid,
    actor_token_id uuid,
    job text,
    action text NOT NULL,
    user_id uuid,
    subject text,
    request_id text,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT audit_log_action_form CHECK ((action ~ '^[a-z_]+\.[a-z_]+$'::text)),
    CONSTRAINT audit_log_details_is_object CHECK (((jsonb_typeof(details) = 'object'::text) AND (pg_column_size(details) <= 16384)))
);

ALTER TABLE ONLY keyloft.audit_log FORCE ROW LEVEL SECURITY;

ALTER TABLE keyloft.audit_log OWNER TO keyloft_owner;

-- Name: TABLE audit_log; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON TABLE keyloft.audit_log IS 'Who did what to whose secrets and accounts. Written in the transaction of the act; never changed.';

-- Name: COLUMN audit_log.actor_id; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON COLUMN keyloft.audit_log.actor_id IS 'The person who acted; null for the app''s own backend and for an operator.';

-- Name: COLUMN audit_log.job; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON COLUMN keyloft.audit_log.job IS 'Which part of the server did it for them.';

-- Name: COLUMN audit_log.user_id; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON COLUMN keyloft.audit_log.user_id IS 'Whose things were touched. No reference: the log outlives the person.';

-- Name: COLUMN audit_log.details; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON COLUMN keyloft.audit_log.details IS 'Values only as keyed hashes.';

-- Name: audit_page(bigint, integer, text, uuid, uuid, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.audit_page(in_before bigint, in_limit integer, in_action text, in_user_id uuid, in_actor_id uuid, in_from timestamp with time zone, in_to timestamp with time zone) RETURNS SETOF keyloft.audit_log
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $_$
begin
  perform keyloft.require_admin();
  return query execute
    'select * from keyloft.audit_log a where true'
    || case when in_before is null then '' else ' and a.id < $1' end
    || case when in_action is null then '' else ' and a.action = $3' end
    || case when in_user_id is null then '' else ' and a.user_id = $4' end
    || case when in_actor_id is null then '' else ' and a.actor_id = $5' end
    || case when in_from is null then '' else ' and a.at >= $6' end
    || case when in_to is null then '' else ' and a.at < $7' end
    || ' order by a.id desc limit $2'
    using in_before, in_limit, in_action, in_user_id, in_actor_id, in_from, in_to;
end
$_$;

ALTER FUNCTION keyloft.audit_page(in_before bigint, in_limit integer, in_action text, in_user_id uuid, in_actor_id uuid, in_from timestamp with time zone, in_to timestamp with time zone) OWNER TO keyloft_definer;

-- Name: FUNCTION audit_page(in_before bigint, in_limit integer, in_action text, in_user_id uuid, in_actor_id uuid, in_from timestamp with time zone, in_to timestamp with time zone); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.audit_page(in_before bigint, in_limit integer, in_action text, in_user_id uuid, in_actor_id uuid, in_from timestamp with time zone, in_to timestamp with time zone) IS 'The newest entries before a given one. Each question is planned as it is asked, so that it finds its index.';

-- Name: await_books(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.await_books() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('keyloft: limits set', 0));
  return new;
end
$$;

ALTER FUNCTION keyloft.await_books() OWNER TO keyloft_owner;

-- Name: FUNCTION await_books(); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.await_books() IS 'Trigger: a new limit misses no call that is just being written down.';

-- Name: begin_idempotent(uuid, text, bytea, integer); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.begin_idempotent(in_user_id uuid, in_key text, in_request_hash bytea, keep_seconds integer, OUT outcome text, OUT status integer, OUT reply text) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  found_row keyloft.idempotent_requests;
begin
  insert into keyloft.idempotent_requests as requests (user_id, key, request_hash, expires_at)
  values (in_user_id, in_key, in_request_hash, pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => keep_seconds))
  on conflict (user_id, key) do update
     set request_hash = excluded.request_hash, started_at = pg_catalog.clock_timestamp(), status = null, reply = null, expires_at = excluded.expires_at
   where requests.expires_at <= pg_catalog.clock_timestamp()
      or (requests.status is null and requests.request_hash = excluded.request_hash
          and requests.started_at < pg_catalog.clock_timestamp() - interval '5 minutes')
  returning requests.* into found_row;
  if found then
    outcome := 'new';
    return;
  end if;

  select requests.* into found_row from keyloft.idempotent_requests requests
   where requests.user_id is not distinct from in_user_id and requests.key = in_key;
  status := found_row.status;
  reply := found_row.reply;
  outcome := case
    when found_row.request_hash is distinct from in_request_hash then 'mismatch'
    when found_row.status is null then 'in_progress'
    when found_row.reply is null then 'not_replayable'
    else 'replay'
  end;
end
$$;

ALTER FUNCTION keyloft.begin_idempotent(in_user_id uuid, in_key text, in_request_hash bytea, keep_seconds integer, OUT outcome text, OUT status integer, OUT reply text) OWNER TO keyloft_definer;

-- Name: FUNCTION begin_idempotent(in_user_id uuid, in_key text, in_request_hash bytea, keep_seconds integer, OUT outcome text, OUT status integer, OUT reply text); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.begin_idempotent(in_user_id uuid, in_key text, in_request_hash bytea, keep_seconds integer, OUT outcome text, OUT status integer, OUT reply text) IS 'Claims an Idempotency-Key, or says what became of the request that has it.';

-- Name: begin_quotas(uuid); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.begin_quotas(in_user_id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform keyloft.lock_quotas(array[in_user_id]);
end
$$;

ALTER FUNCTION keyloft.begin_quotas(in_user_id uuid) OWNER TO keyloft_definer;

-- Name: FUNCTION begin_quotas(in_user_id uuid); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.begin_quotas(in_user_id uuid) IS 'Begins the windows that are due, so that whoever looks sees what was used before a limit was set.';

-- Name: presumed_reservations; Type: TABLE; Schema: keyloft; Owner: keyloft_owner

CREATE TABLE keyloft.presumed_reservations (
    user_id uuid NOT NULL,
    id uuid NOT NULL,
    quota_ids uuid[] NOT NULL,
    reserved_at timestamp with time zone NOT NULL,
    most_tokens bigint,
    most_cost_usd numeric
);

ALTER TABLE ONLY keyloft.presumed_reservations FORCE ROW LEVEL SECURITY;

ALTER TABLE keyloft.presumed_reservations OWNER TO keyloft_owner;

-- Name: TABLE presumed_reservations; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON TABLE keyloft.presumed_reservations IS 'What was booked in full on quotas for calls of which nobody heard again, so that an end that comes late can lower it. A second row of a call is of quotas that were set while it was under way. Of this month, in which every window begins.';

-- Name: book_quotas(uuid[], boolean, keyloft.counted_call[], keyloft.presumed_reservations[], keyloft.presumed_reservations[]); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.book_quotas(in_user_ids uuid[], in_platform boolean, in_written keyloft.counted_call[], in_reservations keyloft.presumed_reservations[], in_presumed keyloft.presumed_reservations[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  seen public.user_quota_limits[];
  now_locked public.user_quota_limits[];
  now_begun uuid[];
  changes keyloft.quota_change[];
begin
  select pg_catalog.array_agg(q order by q.id) into seen from public.user_quota_limits q where q.user_id = any (in_user_ids) or in_platform and q.user_id is null;
  changes := array(select c from keyloft.sum_up_quotas(seen, null, in_written, in_reservations) c);
  select l.locked, l.begun into now_locked, now_begun from keyloft.lock_quotas(in_user_ids, in_platform) l;
  if array(select row(q.id, q.updated_at, q.last_reset)::text from unnest(now_locked) q) <> array(select row(q.id, q.updated_at, q.last_reset)::text from unnest(seen) q) then
    changes := array(select c from keyloft.sum_up_quotas(now_locked, now_begun, in_written, in_reservations) c);
  end if;
  if in_presumed is not null then
    perform keyloft.reserve_again(in_presumed);
  end if;
  update public.user_quota_limits q
     set reserved_requests = q.reserved_requests - c.freed_requests, reserved_tokens = q.reserved_tokens - c.freed_tokens,
         reserved_cost = q.reserved_cost - c.freed_cost, used_requests = q.used_requests + c.used_requests,
         used_tokens = q.used_tokens + c.used_tokens, used_cost = q.used_cost + c.used_cost
    from unnest(changes) c where q.id = c.quota_id;
end
$$;

ALTER FUNCTION keyloft.book_quotas(in_user_ids uuid[], in_platform boolean, in_written keyloft.counted_call[], in_reservations keyloft.presumed_reservations[], in_presumed keyloft.presumed_reservations[]) OWNER TO keyloft_owner;

-- Name: FUNCTION book_quotas(in_user_ids uuid[], in_platform boolean, in_written keyloft.counted_call[], in_reservations keyloft.presumed_reservations[], in_presumed keyloft.presumed_reservations[]); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.book_quotas(in_user_ids uuid[], in_platform boolean, in_written keyloft.counted_call[], in_reservations keyloft.presumed_reservations[], in_presumed keyloft.presumed_reservations[]) IS 'Moves what was reserved for calls of these people to what those that were written used; with it what was presumed to be used already.';

-- Name: bound_api_keys(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.bound_api_keys() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(new.user_id::text, 2)); -- two at once must count each other
  if (select pg_catalog.count(*) from public.api_keys k where k.user_id = new.user_id) >= 100 then
    raise exception 'A person has at most 100 provider keys.' using errcode = 'KL101', hint = 'Delete one that is not needed.';
  end if;
  return new;
end
$$;

ALTER FUNCTION keyloft.bound_api_keys() OWNER TO keyloft_definer;

-- Name: FUNCTION bound_api_keys(); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.bound_api_keys() IS 'Trigger: what is loaded for a call must stay small.';

-- Name: bound_quotas(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.bound_quotas() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(new.user_id::text, 3)); -- two at once must count each other
  if (select pg_catalog.count(*) from public.user_quota_limits q where q.user_id = new.user_id and q.set_by = 'person') >= 100 then
    raise exception 'A person may set themselves at most 100 limits.' using errcode = 'KL120', hint = 'Remove one that is not needed.';
  end if;
  return new;
end
$$;

ALTER FUNCTION keyloft.bound_quotas() OWNER TO keyloft_definer;

-- Name: FUNCTION bound_quotas(); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.bound_quotas() IS 'Trigger: what is looked at for a call must stay small.';

-- Name: check_quota(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.check_quota() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  wrong text := case
    when new.type not in ('daily', 'monthly', 'provider', 'model') then 'type_known'
    when not case new.type when 'provider' then new.provider is not null and new.model is null when 'model' then new.model is not null
                           else new.provider is null and new.model is null end then 'says_what'
    when pg_catalog.char_length(new.provider) not between 1 and 50 or pg_catalog.char_length(new.model) not between 1 and 200 then 'lengths'
    when new.model like '%*_%' then 'star_at_end' -- anywhere else it would match no call, and hold nothing
    when new.spend not in ('all', 'own', 'platform') then 'spend_known'
    when not case new.set_by when 'operator' then true when 'person' then new.spend = 'own' when 'key' then new.type in ('daily', 'monthly')
                             when 'tier' then new.spend = 'platform' and new.type in ('daily', 'monthly')
                             when 'platform' then new.spend = 'platform' and new.type in ('daily', 'monthly') else false end then 'set_by_known'
    when (new.set_by = 'platform') <> (new.user_id is null) then 'platform_is_nobody'
    when (new.set_by = 'key') <> (new.key_id is not null) then 'key_limits_key'
    when pg_catalog.num_nonnulls(new.request_limit, new.token_limit, new.cost_limit) = 0 and new.set_by <> 'tier' then 'limits_something'
    when new.request_limit not between 0 and 1000000000000 or new.token_limit not between 0 and 1000000000000000
         or new.cost_limit not between 0 and 1e12 then 'bounded'
  end;
begin
  if wrong is not null then
    raise exception 'This is no limit: %.', wrong
      using errcode = 'check_violation', table = 'user_quota_limits', constraint = 'user_quota_limits_' || wrong;
  end if;
  return new;
end
$$;

ALTER FUNCTION keyloft.check_quota() OWNER TO keyloft_owner;

-- Name: FUNCTION check_quota(); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.check_quota() IS 'Trigger: what a limit must be.';

-- Name: model_prices; Type: TABLE; Schema: public; Owner: keyloft_owner

CREATE TABLE public.model_prices (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    effective_from timestamp with time zone NOT NULL,
    from_input_tokens bigint DEFAULT 0 NOT NULL,
    input_per_million numeric,
    cached_input_per_million numeric,
    cache_write_5m_per_million numeric,
    cache_write_1h_per_million numeric,
    audio_input_per_million numeric,
    output_per_million numeric,
    reasoning_per_million numeric,
    audio_output_per_million numeric,
    per_image numeric,
    per_search numeric,
    per_request numeric,
    source text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT model_prices_bounded CHECK ((((input_per_million >= (0)::numeric) AND (input_per_million <= (1000000)::numeric)) AND ((cached_input_per_million >= (0)::numeric) AND (cached_input_per_million <= (1000000)::numeric)) AND ((cache_write_5m_per_million >= (0)::numeric) AND (cache_write_5m_per_million <= (1000000)::numeric)) AND ((cache_write_1h_per_million >= (0)::numeric) AND (cache_write_1h_per_million <= (1000000)::numeric)) AND ((audio_input_per_million >= (0)::numeric) AND (audio_input_per_million <= (1000000)::numeric)) AND ((output_per_million >= (0)::numeric) AND (output_per_million <= (1000000)::numeric)) AND ((reasoning_per_million >= (0)::numeric) AND (reasoning_per_million <= (1000000)::numeric)) AND ((audio_output_per_million >= (0)::numeric) AND (audio_output_per_million <= (1000000)::numeric)) AND ((per_image >= (0)::numeric) AND (per_image <= (1000000)::numeric)) AND ((per_search >= (0)::numeric) AND (per_search <= (1000000)::numeric)) AND ((per_request >= (0)::numeric) AND (per_request <= (1000000)::numeric)))),
    CONSTRAINT model_prices_model_length CHECK (((char_length(model) >= 1) AND (char_length(model) <= 200))),
    CONSTRAINT model_prices_provider_form CHECK ((provider ~ '^[a-z0-9][a-z0-9_-]{0,49}$'::text)),
    CONSTRAINT model_prices_source_known CHECK ((source = ANY (ARRAY['shipped'::text, 'imported'::text]))),
    CONSTRAINT model_prices_tier_bounded CHECK (((from_input_tokens >= 0) AND (from_input_tokens <= 1000000000)))
);

ALTER TABLE ONLY public.model_prices FORCE ROW LEVEL SECURITY;

ALTER TABLE public.model_prices OWNER TO keyloft_owner;

-- Name: TABLE model_prices; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON TABLE public.model_prices IS 'Prices in USD. A row is in force from its date until the next of its model; none is ever changed.';

-- Name: COLUMN model_prices.from_input_tokens; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.model_prices.from_input_tokens IS 'For providers that charge long prompts at another rate: the rate of calls with at least so many input tokens.';

-- Name: COLUMN model_prices.input_per_million; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.model_prices.input_per_million IS 'Null: what this would be charged for has no price, and such a call stays unpriced.';

-- Name: COLUMN model_prices.cached_input_per_million; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.model_prices.cached_input_per_million IS 'Null: charged as input. So are cache writes.';

-- Name: COLUMN model_prices.reasoning_per_million; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.model_prices.reasoning_per_million IS 'Null: charged as output.';

-- Name: COLUMN model_prices.per_search; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.model_prices.per_search IS 'For each search of the web that a tool of the provider''s made.';

-- Name: COLUMN model_prices.source; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.model_prices.source IS 'shipped with Keyloft, or imported by the operator, which outranks it.';

-- Name: cost_of(public.model_prices, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.cost_of(price public.model_prices, input_tokens bigint, cached_input_tokens bigint, cache_write_5m_tokens bigint, cache_write_1h_tokens bigint, audio_input_tokens bigint, output_tokens bigint, reasoning_tokens bigint, audio_output_tokens bigint, images bigint, searches bigint) RETURNS numeric
    LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN ((price).id IS NOT NULL) THEN trim_scale(((((0.000001 * (CASE WHEN (input_tokens = 0) THEN (0)::numeric ELSE ((((CASE WHEN (input_tokens = (((cached_input_tokens + cache_write_5m_tokens) + cache_write_1h_tokens) + audio_input_tokens)) THEN (0)::numeric ELSE ((((((input_tokens - cached_input_tokens) - cache_write_5m_tokens) - cache_write_1h_tokens) - audio_input_tokens))::numeric * (price).input_per_million) END + CASE WHEN (cached_input_tokens = 0) THEN (0)::numeric ELSE ((cached_input_tokens)::numeric * COALESCE((price).cached_input_per_million, (price).input_per_million)) END) + CASE WHEN (cache_write_5m_tokens = 0) THEN (0)::numeric ELSE ((cache_write_5m_tokens)::numeric * COALESCE((price).cache_write_5m_per_million, (price).input_per_million)) END) + CASE WHEN (cache_write_1h_tokens = 0) THEN (0)::numeric ELSE ((cache_write_1h_tokens)::numeric * COALESCE((price).cache_write_1h_per_million, (price).input_per_million)) END) + CASE WHEN (audio_input_tokens = 0) THEN (0)::numeric ELSE ((audio_input_tokens)::numeric * (price).audio_input_per_million) END) END + CASE WHEN (output_tokens = 0) THEN (0)::numeric ELSE ((CASE WHEN (output_tokens = (reasoning_tokens + audio_output_tokens)) THEN (0)::numeric ELSE ((((output_tokens - reasoning_tokens) - audio_output_tokens))::numeric * (price).output_per_million) END + CASE WHEN (reasoning_tokens = 0) THEN (0)::numeric ELSE ((reasoning_tokens)::numeric * COALESCE((price).reasoning_per_million, (price).output_per_million)) END) + CASE WHEN (audio_output_tokens = 0) THEN (0)::numeric ELSE ((audio_output_tokens)::numeric * (price).audio_output_per_million) END) END)) + CASE WHEN (images = 0) THEN (0)::numeric ELSE ((images)::numeric * (price).per_image) END) + CASE WHEN (searches = 0) THEN (0)::numeric ELSE ((searches)::numeric * (price).per_search) END) + COALESCE((price).per_request, (0)::numeric))) ELSE NULL::numeric END;

ALTER FUNCTION keyloft.cost_of(price public.model_prices, input_tokens bigint, cached_input_tokens bigint, cache_write_5m_tokens bigint, cache_write_1h_tokens bigint, audio_input_tokens bigint, output_tokens bigint, reasoning_tokens bigint, audio_output_tokens bigint, images bigint, searches bigint) OWNER TO keyloft_owner;

-- Name: FUNCTION cost_of(price public.model_prices, input_tokens bigint, cached_input_tokens bigint, cache_write_5m_tokens bigint, cache_write_1h_tokens bigint, audio_input_tokens bigint, output_tokens bigint, reasoning_tokens bigint, audio_output_tokens bigint, images bigint, searches bigint); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.cost_of(price public.model_prices, input_tokens bigint, cached_input_tokens bigint, cache_write_5m_tokens bigint, cache_write_1h_tokens bigint, audio_input_tokens bigint, output_tokens bigint, reasoning_tokens bigint, audio_output_tokens bigint, images bigint, searches bigint) IS 'What a call costs by this price. Cached, written and audio tokens are parts of the input, reasoning and audio tokens of the output.';

-- Name: count_request(text, integer); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.count_request(in_bucket text, window_seconds integer, OUT seen integer, OUT resets_in_seconds integer) RETURNS record
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  insert into keyloft.request_counts as counts (bucket, count, window_ends)
  values (in_bucket, 1, pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => window_seconds))
  on conflict (bucket) do update
     set count = case when counts.window_ends <= pg_catalog.clock_timestamp() then 1 else counts.count + 1 end,
         window_ends = case when counts.window_ends <= pg_catalog.clock_timestamp() then excluded.window_ends else counts.window_ends end
  returning count, pg_catalog.ceil(extract(epoch from window_ends - pg_catalog.clock_timestamp()))::integer
$$;

ALTER FUNCTION keyloft.count_request(in_bucket text, window_seconds integer, OUT seen integer, OUT resets_in_seconds integer) OWNER TO keyloft_definer;

-- Name: FUNCTION count_request(in_bucket text, window_seconds integer, OUT seen integer, OUT resets_in_seconds integer); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.count_request(in_bucket text, window_seconds integer, OUT seen integer, OUT resets_in_seconds integer) IS 'Counts one request and says how many the present window has seen, this one included.';

-- Name: usage_records; Type: TABLE; Schema: public; Owner: keyloft_owner

CREATE TABLE public.usage_records (
    user_id uuid NOT NULL,
    id uuid NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    request_id text NOT NULL,
    operation text NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    credential_source text NOT NULL,
    key_id uuid,
    token_id uuid,
    decisions json NOT NULL,
    outcome text NOT NULL,
    status integer,
    first_byte_ms integer,
    input_tokens bigint DEFAULT 0 NOT NULL,
    cached_input_tokens bigint DEFAULT 0 NOT NULL,
    cache_write_5m_tokens bigint DEFAULT 0 NOT NULL,
    cache_write_1h_tokens bigint DEFAULT 0 NOT NULL,
    audio_input_tokens bigint DEFAULT 0 NOT NULL,
    output_tokens bigint DEFAULT 0 NOT NULL,
    reasoning_tokens bigint DEFAULT 0 NOT NULL,
    audio_output_tokens bigint DEFAULT 0 NOT NULL,
    images bigint DEFAULT 0 NOT NULL,
    searches bigint DEFAULT 0 NOT NULL,
    usage_basis text NOT NULL,
    provider_usage json,
    cost_usd numeric,
    price_id uuid,
    provider_cost_usd numeric,
    settled_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT usage_records_figures CHECK ((((cost_usd >= (0)::numeric) AND (cost_usd <= '1000000000000'::numeric)) AND ((provider_cost_usd >= (0)::numeric) AND (provider_cost_usd <= '1000000000000'::numeric)) AND ((((cached_input_tokens + cache_write_5m_tokens) + cache_write_1h_tokens) + audio_input_tokens) <= input_tokens) AND ((reasoning_tokens + audio_output_tokens) <= output_tokens)))
)
PARTITION BY RANGE (started_at);

ALTER TABLE ONLY public.usage_records FORCE ROW LEVEL SECURITY;

ALTER TABLE public.usage_records OWNER TO keyloft_owner;

-- Name: TABLE usage_records; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON TABLE public.usage_records IS 'One row for each call. Partitioned by month; keyloft.make_usage_partitions makes the months.';

-- Name: COLUMN usage_records.id; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.usage_records.id IS 'UUIDv7, made when the call began; the id of its hold before.';

-- Name: COLUMN usage_records.decisions; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.usage_records.decisions IS 'How its credential was chosen.';

-- Name: COLUMN usage_records.outcome; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.usage_records.outcome IS 'presumed: its process went away, and nobody knows how it ended.';

-- Name: COLUMN usage_records.input_tokens; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.usage_records.input_tokens IS 'All of them; cached, written and audio tokens are parts of it. So are reasoning and audio tokens of output_tokens.';

-- Name: COLUMN usage_records.usage_basis; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.usage_records.usage_basis IS 'reported by the provider, estimated by us, none (nothing to charge), or unknown.';

-- Name: COLUMN usage_records.cost_usd; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.usage_records.cost_usd IS 'By the price in force when the call began. Null: unpriced, because its price or its usage is not known.';

-- Name: COLUMN usage_records.provider_cost_usd; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.usage_records.provider_cost_usd IS 'What the provider said that it costs, where it says so. Kept beside ours.';

-- Name: counted(public.usage_records); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.counted(written public.usage_records) RETURNS keyloft.counted_call
    LANGUAGE sql IMMUTABLE
    RETURN ROW((written).user_id, (written).id, (written).started_at, (written).provider, (written).model, (written).credential_source, (written).key_id, (written).usage_basis, ((written).input_tokens + (written).output_tokens), (written).cost_usd)::keyloft.counted_call;

ALTER FUNCTION keyloft.counted(written public.usage_records) OWNER TO keyloft_owner;

-- Name: FUNCTION counted(written public.usage_records); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.counted(written public.usage_records) IS 'Of this call, what quotas count.';

-- Name: data_keys_of(uuid); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.data_keys_of(in_user_id uuid) RETURNS TABLE(version integer, wrapped text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select k.version, k.wrapped from keyloft.data_keys k where k.user_id is not distinct from in_user_id order by k.version desc
$$;

ALTER FUNCTION keyloft.data_keys_of(in_user_id uuid) OWNER TO keyloft_definer;

-- Name: FUNCTION data_keys_of(in_user_id uuid); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.data_keys_of(in_user_id uuid) IS 'A person''s wrapped keys, newest first.';

-- Name: database_figures(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_observer

CREATE FUNCTION keyloft.database_figures() RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform keyloft.require_admin();
  return (
    with people as (
      select coalesce(a.state, 'hidden') as state, a.xact_start, a.wait_event_type
        from pg_catalog.pg_stat_activity a
       where a.datid is not null and coalesce(a.backend_type, 'client backend') = 'client backend'
    ), sizes as (
      select coalesce(pg_catalog.pg_partition_root(c.oid), c.oid) as root, pg_catalog.sum(pg_catalog.pg_total_relation_size(c.oid)) as size,
             pg_catalog.sum(coalesce(s.n_live_tup, 0)) as live, pg_catalog.sum(coalesce(s.n_dead_tup, 0)) as dead, pg_catalog.max(s.last_autovacuum) as vacuumed
        from pg_catalog.pg_class c left join pg_catalog.pg_stat_all_tables s on s.relid = c.oid
       where c.relkind in ('r', 'p') and pg_catalog.pg_get_userbyid(c.relowner) like 'keyloft\_%'
       group by 1
    )
    select pg_catalog.jsonb_build_object(
      'serverVersion', pg_catalog.current_setting('server_version'),
      'seesEverybody', pg_catalog.pg_has_role('pg_read_all_stats', 'usage'),
      'maxConnections', pg_catalog.current_setting('max_connections')::integer,
      'connections', (select pg_catalog.count(*) from people),
      'connectionStates', (select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('state', p.state, 'count', p.count) order by p.count desc, p.state), '[]')
                             from (select state, pg_catalog.count(*) as count from people group by 1) p),
      'waitingForLocks', (select pg_catalog.count(*) from people where wait_event_type = 'Lock'),
      'longestTransactionSeconds', (select pg_catalog.round(pg_catalog.max(extract(epoch from pg_catalog.clock_timestamp() - xact_start)), 1) from people),
      'sizeBytes', pg_catalog.pg_database_size(d.datid),
      'cacheHitRate', (select pg_catalog.round(d.blks_hit::numeric / nullif(d.blks_hit + d.blks_read, 0), 4)),
      'deadlocks', d.deadlocks,
      'rollbackRate', (select pg_catalog.round(d.xact_rollback::numeric / nullif(d.xact_commit + d.xact_rollback, 0), 4)),
      'temporaryBytes', d.temp_bytes,
      'since', d.stats_reset,
      'tables', (select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                          'name', t.root::regclass::text, 'sizeBytes', t.size, 'rows', t.live, 'deadRows', t.dead, 'vacuumedAt', t.vacuumed) order by t.size desc), '[]')
                   from (select * from sizes order by size desc limit 12) t))
      from pg_catalog.pg_stat_database d where d.datname = pg_catalog.current_database()
  );
end
$$;

ALTER FUNCTION keyloft.database_figures() OWNER TO keyloft_observer;

-- Name: FUNCTION database_figures(); Type: COMMENT; Schema: keyloft; Owner: keyloft_observer

COMMENT ON FUNCTION keyloft.database_figures() IS 'Connections, cache, sizes: statistics of the server, nobody''s rows.';

-- Name: destroy_keys(uuid); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.destroy_keys(in_user_id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  delete from public.api_keys k where k.user_id = in_user_id;
  delete from public.api_gateway_configs g where g.user_id = in_user_id;
  delete from keyloft.secrets s where s.user_id = in_user_id;
  delete from keyloft.data_keys d where d.user_id = in_user_id;
end
$$;

ALTER FUNCTION keyloft.destroy_keys(in_user_id uuid) OWNER TO keyloft_definer;

-- Name: FUNCTION destroy_keys(in_user_id uuid); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.destroy_keys(in_user_id uuid) IS 'Deletes a person''s provider keys and gateway, and every secret of theirs with the keys that open it.';

-- Name: draw_places(uuid[], uuid[], uuid[]); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.draw_places(in_user_ids uuid[], in_ids uuid[], in_advance_ids uuid[], OUT drawn keyloft.presumed_reservations[], OUT presumed keyloft.presumed_reservations[]) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
#variable_conflict use_column
declare
  advances keyloft.advances[] := array(select a from keyloft.advances a where a.id = any (in_advance_ids) order by a.id for no key update);
  drawn_from uuid[];
begin
  select pg_catalog.array_agg(d.reservation), pg_catalog.array_agg(d.reservation) filter (where d.presumed_at is not null), pg_catalog.array_agg(d.advance_id)
    into drawn, presumed, drawn_from
    from (select a.id as advance_id, row(c.user_id, c.id, a.quota_ids, a.reserved_at, a.most_tokens, a.most_cost_usd)::keyloft.presumed_reservations as reservation, a.presumed_at
            from (select g.user_id, g.id, g.advance_id, pg_catalog.row_number() over (partition by g.user_id, g.advance_id) as no
                    from unnest(in_user_ids, in_ids, in_advance_ids) as g (user_id, id, advance_id)) c
                 join unnest(advances) a on a.id = c.advance_id and a.user_id = c.user_id and c.no <= a.places) d;
  update keyloft.advances a set places = a.places - c.calls
    from (select g.id, pg_catalog.count(*) as calls from unnest(drawn_from) as g (id) group by g.id) c where a.id = c.id;
  delete from keyloft.advances a where a.id = any (drawn_from) and a.places = 0;
end
$$;

ALTER FUNCTION keyloft.draw_places(in_user_ids uuid[], in_ids uuid[], in_advance_ids uuid[], OUT drawn keyloft.presumed_reservations[], OUT presumed keyloft.presumed_reservations[]) OWNER TO keyloft_owner;

-- Name: FUNCTION draw_places(in_user_ids uuid[], in_ids uuid[], in_advance_ids uuid[], OUT drawn keyloft.presumed_reservations[], OUT presumed keyloft.presumed_reservations[]); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.draw_places(in_user_ids uuid[], in_ids uuid[], in_advance_ids uuid[], OUT drawn keyloft.presumed_reservations[], OUT presumed keyloft.presumed_reservations[]) IS 'Takes a place for each of these calls from its advance, and gives what was reserved there; and which of that was presumed to be used.';

-- Name: drop_usage_month(integer); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.drop_usage_month(in_keep_months integer) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $_$
declare
  keep_from timestamptz := (pg_catalog.date_trunc('month', pg_catalog.now() at time zone 'UTC')
                            - pg_catalog.make_interval(months => in_keep_months)) at time zone 'UTC';
  oldest text;
  month_begins timestamptz := '-infinity';
  month_ends timestamptz := keep_from;
  uneven bigint;
begin
  if in_keep_months is null or in_keep_months < 1 then
    raise exception 'at least this month and the one before it are kept' using errcode = '22023';
  end if;
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('keyloft.make_usage_partitions'));
  -- The catch-all first: it may hold calls of months that never had a partition.
  if exists (select from keyloft.usage_records_default where started_at < keep_from) then
    oldest := 'usage_records_default';
  else
    select c.relname into oldest
      from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'public.usage_records'::regclass and c.relname ~ '^usage_records_\d{4}_\d{2}$'
       and c.relname < 'usage_records_' || pg_catalog.to_char(keep_from at time zone 'UTC', 'YYYY_MM')
     order by c.relname limit 1;
  end if;
  if oldest is null then
    return null;
  end if;
  if oldest <> 'usage_records_default' then
    month_begins := pg_catalog.to_date(pg_catalog.right(oldest, 7), 'YYYY_MM')::timestamp at time zone 'UTC';
    month_ends := (pg_catalog.to_date(pg_catalog.right(oldest, 7), 'YYYY_MM') + interval '1 month') at time zone 'UTC';
  end if;

  -- From here on nobody writes into it. Who waits for the lock keeps others waiting, so it does not wait for long.
  perform pg_catalog.set_config('lock_timeout', '2s', true);
  execute pg_catalog.format('lock table keyloft.%I in share row exclusive mode', oldest);
  -- Through the parent: a partition has no policy of its own, and shows its owner nothing.
  with summed as (
    select user_id, pg_catalog.date_trunc('hour', started_at, 'UTC') as hour, provider, model, credential_source, pg_catalog.count(*) as requests,
           pg_catalog.count(*) - pg_catalog.count(cost_usd) as unpriced_requests, coalesce(pg_catalog.sum(cost_usd), 0) as cost_usd
      from public.usage_records where started_at >= month_begins and started_at < month_ends group by 1, 2, 3, 4, 5
  )
  select pg_catalog.count(*) into uneven
    from summed s left join public.usage_hourly h using (user_id, hour, provider, model, credential_source)
   where (h.requests, h.unpriced_requests, h.cost_usd) is distinct from (s.requests, s.unpriced_requests, s.cost_usd);
  if uneven > 0 then
    raise exception '% hours of % are not in usage_hourly as they are in the calls', uneven, oldest
      using errcode = 'KL010', hint = 'Nothing was dropped. Look at what wrote past keyloft.settle_calls.';
  end if;
  if oldest = 'usage_records_default' then
    delete from keyloft.usage_records_default where started_at < keep_from;
  else
    execute pg_catalog.format('alter table public.usage_records detach partition keyloft.%I', oldest);
    execute pg_catalog.format('drop table keyloft.%I', oldest);
  end if;
  return oldest;
end
$_$;

ALTER FUNCTION keyloft.drop_usage_month(in_keep_months integer) OWNER TO keyloft_owner;

-- Name: FUNCTION drop_usage_month(in_keep_months integer); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.drop_usage_month(in_keep_months integer) IS 'Drops the calls of the oldest month beyond so many whole ones before this, if their sums are in usage_hourly. Says which; null when there is none. Runs as the owner, who alone can.';

-- Name: excluding_columns(regclass, name); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.excluding_columns(in_relation regclass, in_column name) RETURNS TABLE(columns name[])
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select case when i.indpred is null and i.indexprs is null then
           array(select a.attname from pg_catalog.pg_attribute a
                  where a.attrelid = i.indrelid and a.attnum = any ((i.indkey::int2[])[0:i.indnkeyatts - 1]) and a.attname <> in_column) end
    from pg_catalog.pg_index i
   where i.indrelid = in_relation and i.indisunique
     and exists (select from pg_catalog.pg_attribute a where a.attrelid = i.indrelid and a.attname = in_column
                    and a.attnum = any ((i.indkey::int2[])[0:i.indnkeyatts - 1]))
     and not exists (select from pg_catalog.pg_attribute a where a.attrelid = i.indrelid and a.attname in ('id', 'secret_id')
                        and a.attnum = any ((i.indkey::int2[])[0:i.indnkeyatts - 1]))
$$;

ALTER FUNCTION keyloft.excluding_columns(in_relation regclass, in_column name) OWNER TO keyloft_owner;

-- Name: FUNCTION excluding_columns(in_relation regclass, in_column name); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.excluding_columns(in_relation regclass, in_column name) IS 'In what two rows of one owner may not be alike, for each unique index.';

-- Name: find_api_token(text); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.find_api_token(public_id text) RETURNS TABLE(is_known boolean, id uuid, user_id uuid, secret_hash bytea, scopes text[], allowed_models text[], expires_at timestamp with time zone, revoked_at timestamp with time zone, is_closed boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $_$
  select t.public_id = $1,
         case t.public_id when $1 then t.id end,
         case t.public_id when $1 then t.user_id end,
         case t.public_id when $1 then t.secret_hash end,
         case t.public_id when $1 then t.scopes end,
         case t.public_id when $1 then t.allowed_models end,
         case t.public_id when $1 then t.expires_at end,
         case t.public_id when $1 then t.revoked_at end,
         case t.public_id when $1 then coalesce(s.disabled_at is not null or s.deactivated_at is not null, false) end
    from public.api_tokens t left join public.user_standing s on s.user_id = t.user_id
   where t.public_id >= $1 order by t.public_id limit 1
$_$;

ALTER FUNCTION keyloft.find_api_token(public_id text) OWNER TO keyloft_definer;

-- Name: FUNCTION find_api_token(public_id text); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.find_api_token(public_id text) IS 'What the check of a presented token needs: at most one row, of nulls where is_known is false. Whether it holds is for the caller to compare.';

-- Name: find_object(uuid, text); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.find_object(in_user_id uuid, in_object_id text) RETURNS TABLE(is_own boolean, provider text, credential_source text, key_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select o.user_id = keyloft.present_owner(in_user_id), o.provider, o.credential_source, o.key_id
    from keyloft.provider_objects o where o.object_id = in_object_id
   order by 1 desc limit 1
$$;

ALTER FUNCTION keyloft.find_object(in_user_id uuid, in_object_id text) OWNER TO keyloft_definer;

-- Name: FUNCTION find_object(in_user_id uuid, in_object_id text); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.find_object(in_user_id uuid, in_object_id text) IS 'With which key something was made, and whether for this person.';

-- Name: find_secret(uuid, uuid); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.find_secret(in_user_id uuid, in_id uuid) RETURNS TABLE(id uuid, user_id uuid, kind text, provider text, host text, version integer, sealed text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select s.id, s.user_id, s.kind, s.provider, s.host, s.version, s.sealed
    from keyloft.secrets s where s.id = in_id and s.user_id is not distinct from in_user_id
$$;

ALTER FUNCTION keyloft.find_secret(in_user_id uuid, in_id uuid) OWNER TO keyloft_definer;

-- Name: FUNCTION find_secret(in_user_id uuid, in_id uuid); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.find_secret(in_user_id uuid, in_id uuid) IS 'One sealed text of that person''s.';

-- Name: finish_idempotent(uuid, text, integer, text); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.finish_idempotent(in_user_id uuid, in_key text, in_status integer, in_reply text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  update keyloft.idempotent_requests requests set status = in_status, reply = in_reply
   where requests.user_id is not distinct from in_user_id and requests.key = in_key
$$;

ALTER FUNCTION keyloft.finish_idempotent(in_user_id uuid, in_key text, in_status integer, in_reply text) OWNER TO keyloft_definer;

-- Name: FUNCTION finish_idempotent(in_user_id uuid, in_key text, in_status integer, in_reply text); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.finish_idempotent(in_user_id uuid, in_key text, in_status integer, in_reply text) IS 'Keeps the reply; a null reply says that it held a secret.';

-- Name: forget_old_objects(integer); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.forget_old_objects(in_days integer) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  delete from keyloft.provider_objects where created_at < pg_catalog.now() - pg_catalog.make_interval(days => in_days)
$$;

ALTER FUNCTION keyloft.forget_old_objects(in_days integer) OWNER TO keyloft_definer;

-- Name: FUNCTION forget_old_objects(in_days integer); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.forget_old_objects(in_days integer) IS 'Forgets what is older: providers keep responses for 30 days, and what is asked for after long was made elsewhere as far as we know.';

-- Name: forget_old_requests(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.forget_old_requests() RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  delete from keyloft.request_counts where window_ends <= pg_catalog.clock_timestamp();
  delete from keyloft.idempotent_requests where expires_at <= pg_catalog.clock_timestamp();
$$;

ALTER FUNCTION keyloft.forget_old_requests() OWNER TO keyloft_definer;

-- Name: FUNCTION forget_old_requests(); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.forget_old_requests() IS 'Called by a scheduled job.';

-- Name: forget_replaced_oauth_tokens(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.forget_replaced_oauth_tokens() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  delete from keyloft.secrets s
   where s.user_id = old.user_id and s.id::text in (old.access_token, old.refresh_token, old.id_token)
     and (tg_op = 'DELETE' or s.id::text not in (coalesce(new.access_token, ''), coalesce(new.refresh_token, ''), coalesce(new.id_token, '')));
  return null;
end
$$;

ALTER FUNCTION keyloft.forget_replaced_oauth_tokens() OWNER TO keyloft_definer;

-- Name: FUNCTION forget_replaced_oauth_tokens(); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.forget_replaced_oauth_tokens() IS 'Trigger: a token that no account refers to any more is gone with it.';

-- Name: forget_replaced_secret(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.forget_replaced_secret() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  delete from keyloft.secrets s where s.id = old.secret_id and s.user_id = old.user_id;
  return null;
end
$$;

ALTER FUNCTION keyloft.forget_replaced_secret() OWNER TO keyloft_definer;

-- Name: FUNCTION forget_replaced_secret(); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.forget_replaced_secret() IS 'Trigger: a secret that no key names any more is gone with it.';

-- Name: forget_secret(uuid, uuid); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.forget_secret(in_user_id uuid, in_id uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  delete from keyloft.secrets s where s.id = in_id and s.user_id is not distinct from in_user_id
$$;

ALTER FUNCTION keyloft.forget_secret(in_user_id uuid, in_id uuid) OWNER TO keyloft_definer;

-- Name: FUNCTION forget_secret(in_user_id uuid, in_id uuid); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.forget_secret(in_user_id uuid, in_id uuid) IS 'Forgets one sealed text of that person''s.';

-- Name: installation_secret(text); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.installation_secret(in_kind text) RETURNS TABLE(id uuid, user_id uuid, kind text, provider text, host text, version integer, sealed text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select s.id, s.user_id, s.kind, s.provider, s.host, s.version, s.sealed
    from keyloft.secrets s where s.user_id is null and s.kind = in_kind order by s.created_at, s.id limit 1
$$;

ALTER FUNCTION keyloft.installation_secret(in_kind text) OWNER TO keyloft_definer;

-- Name: FUNCTION installation_secret(in_kind text); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.installation_secret(in_kind text) IS 'The first secret of that kind that the installation made for itself: whoever comes second uses it too.';

-- Name: is_call(uuid, uuid, timestamp with time zone, text, text, text, text, text); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.is_call(user_id uuid, id uuid, started_at timestamp with time zone, request_id text, operation text, provider text, model text, credential_source text) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    RETURN COALESCE(((user_id IS NOT NULL) AND (id IS NOT NULL) AND isfinite(started_at) AND ((char_length(request_id) >= 1) AND (char_length(request_id) <= 200)) AND ((char_length(operation) >= 1) AND (char_length(operation) <= 100)) AND (char_length(provider) <= 50) AND (provider ~ '^[a-z0-9][a-z0-9_-]*$'::text) AND ((char_length(model) >= 1) AND (char_length(model) <= 200)) AND (credential_source = ANY (ARRAY['user-gateway'::text, 'user-key'::text, 'server-key'::text, 'team-gateway'::text]))), false);

ALTER FUNCTION keyloft.is_call(user_id uuid, id uuid, started_at timestamp with time zone, request_id text, operation text, provider text, model text, credential_source text) OWNER TO keyloft_owner;

-- Name: is_end(keyloft.call_end); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.is_end(told keyloft.call_end) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    RETURN (keyloft.is_call((told).user_id, (told).id, (told).started_at, (told).request_id, (told).operation, (told).provider, (told).model, (told).credential_source) AND COALESCE((((told).decisions IS NOT NULL) AND ((told).outcome = ANY (ARRAY['completed'::text, 'failed'::text, 'aborted'::text])) AND ((told).usage_basis = ANY (ARRAY['reported'::text, 'estimated'::text, 'none'::text, 'unknown'::text])) AND COALESCE((LEAST((told).cached_input_tokens, (told).cache_write_5m_tokens, (told).cache_write_1h_tokens, (told).audio_input_tokens, (told).reasoning_tokens, (told).audio_output_tokens, (told).images, (told).searches) >= 0), true) AND ((((COALESCE((told).cached_input_tokens, (0)::bigint) + COALESCE((told).cache_write_5m_tokens, (0)::bigint)) + COALESCE((told).cache_write_1h_tokens, (0)::bigint)) + COALESCE((told).audio_input_tokens, (0)::bigint)) <= COALESCE((told).input_tokens, (0)::bigint)) AND ((COALESCE((told).reasoning_tokens, (0)::bigint) + COALESCE((told).audio_output_tokens, (0)::bigint)) <= COALESCE((told).output_tokens, (0)::bigint)) AND COALESCE((GREATEST((told).input_tokens, (told).output_tokens, (told).images, (told).searches) <= '1000000000000'::bigint), true) AND COALESCE((((told).provider_cost_usd >= (0)::numeric) AND ((told).provider_cost_usd <= '1000000000000'::numeric)), true)), false));

ALTER FUNCTION keyloft.is_end(told keyloft.call_end) OWNER TO keyloft_owner;

-- Name: FUNCTION is_end(told keyloft.call_end); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.is_end(told keyloft.call_end) IS 'Whether it can be written to the books.';

-- Name: is_person(uuid); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.is_person(in_user_id uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return exists (select from auth.users u where u.id = in_user_id);
end
$$;

ALTER FUNCTION keyloft.is_person(in_user_id uuid) OWNER TO keyloft_owner;

-- Name: FUNCTION is_person(in_user_id uuid); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.is_person(in_user_id uuid) IS 'Whether somebody has this id now, with an account or without one.';

-- Name: limit_api_key(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.limit_api_key() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if pg_catalog.num_nonnulls(new.daily_limit, new.monthly_limit) > 0 then
    perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('keyloft: limits set', 0)); -- before that of any row
  end if;
  delete from public.user_quota_limits q
   where q.key_id = new.id and case q.type when 'daily' then new.daily_limit else new.monthly_limit end is null;
  insert into public.user_quota_limits (user_id, type, set_by, key_id, request_limit)
  select new.user_id, l.type, 'key', new.id, l.request_limit
    from (values ('daily', new.daily_limit), ('monthly', new.monthly_limit)) as l (type, request_limit) where l.request_limit is not null
  on conflict (user_id, type, provider, model, spend, set_by, key_id) do update set request_limit = excluded.request_limit;
  return null;
end
$$;

ALTER FUNCTION keyloft.limit_api_key() OWNER TO keyloft_definer;

-- Name: FUNCTION limit_api_key(); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.limit_api_key() IS 'Trigger: a key''s limits are quotas.';

-- Name: limit_api_tokens(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.limit_api_tokens() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('keyloft: tokens of ' || new.user_id, 0));
  if (select count(*) from public.api_tokens t where t.user_id = new.user_id) >= 20 then
    raise exception 'A person has at most 20 API tokens.' using errcode = 'KL201', hint = 'Delete one that is not needed.';
  end if;
  return new;
end
$$;

ALTER FUNCTION keyloft.limit_api_tokens() OWNER TO keyloft_owner;

-- Name: FUNCTION limit_api_tokens(); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.limit_api_tokens() IS 'Trigger: at most 20 API tokens of one person, expired and revoked ones included, until they are deleted.';

-- Name: limit_platform(text, bigint, bigint, numeric); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.limit_platform(in_type text, in_request_limit bigint, in_token_limit bigint, in_cost_limit numeric) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('keyloft: limits set', 0)); -- before that of any row
  if num_nonnulls(in_request_limit, in_token_limit, in_cost_limit) = 0 then
    delete from public.user_quota_limits q where q.user_id is null and q.type = in_type;
    return;
  end if;
  insert into public.user_quota_limits (id, type, spend, set_by, request_limit, token_limit, cost_limit)
  values (('ffffffff' || pg_catalog.substr(pg_catalog.gen_random_uuid()::text, 9))::uuid, in_type, 'platform', 'platform', in_request_limit, in_token_limit, in_cost_limit)
  on conflict (user_id, type, provider, model, spend, set_by, key_id) do update
     set request_limit = excluded.request_limit, token_limit = excluded.token_limit, cost_limit = excluded.cost_limit, is_active = true;
  perform keyloft.lock_quotas('{}', true);
end
$$;

ALTER FUNCTION keyloft.limit_platform(in_type text, in_request_limit bigint, in_token_limit bigint, in_cost_limit numeric) OWNER TO keyloft_definer;

-- Name: FUNCTION limit_platform(in_type text, in_request_limit bigint, in_token_limit bigint, in_cost_limit numeric); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.limit_platform(in_type text, in_request_limit bigint, in_token_limit bigint, in_cost_limit numeric) IS 'Sets what all people together may spend of the operator''s money in a day or a month. Three times null: no limit.';

-- Name: load_models(jsonb, timestamp with time zone, text); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.load_models(in_models jsonb, in_effective_from timestamp with time zone, in_source text, OUT new_models integer, OUT new_prices integer, OUT outdated text[]) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  with entries as (
    select e.*, e.models ->> 0 as model
      from pg_catalog.jsonb_to_recordset(in_models) as e (
        provider text, models jsonb, display_name text, description text, modality text, context_length integer, max_tokens integer,
        vision_supported boolean, web_search_supported boolean, tool_calling_supported boolean)
  ), kept as (
    insert into public.ai_models as m (
      provider, model, display_name, description, modality, context_length, max_tokens,
      vision_supported, web_search_supported, tool_calling_supported)
    select provider, model, display_name, description, modality, context_length, max_tokens,
           coalesce(vision_supported, false), coalesce(web_search_supported, false), coalesce(tool_calling_supported, false)
      from entries order by provider, model
    on conflict (provider, model) do update
       set display_name = excluded.display_name, description = excluded.description, modality = excluded.modality,
           context_length = excluded.context_length, max_tokens = excluded.max_tokens,
           vision_supported = excluded.vision_supported, web_search_supported = excluded.web_search_supported,
           tool_calling_supported = excluded.tool_calling_supported, last_synced_at = pg_catalog.now()
    returning m.xmax = 0 as is_new
  )
  select pg_catalog.count(*) filter (where is_new) into new_models from kept;

  with tiers as (
    select e.provider, n.model, t.*
      from pg_catalog.jsonb_to_recordset(in_models) as e (provider text, models jsonb, prices jsonb),
           pg_catalog.jsonb_array_elements_text(e.models) as n (model),
           pg_catalog.jsonb_to_recordset(e.prices) as t (
             from_input_tokens bigint, input_per_million numeric, cached_input_per_million numeric, cache_write_5m_per_million numeric,
             cache_write_1h_per_million numeric, audio_input_per_million numeric, output_per_million numeric,
             reasoning_per_million numeric, audio_output_per_million numeric, per_image numeric, per_search numeric, per_request numeric)
  ), wanted as (
    select provider, model, pg_catalog.array_agg(tier order by from_input_tokens) as all_tiers
      from tiers, lateral (select row(
             from_input_tokens, input_per_million, cached_input_per_million, cache_write_5m_per_million, cache_write_1h_per_million,
             audio_input_per_million, output_per_million, reasoning_per_million, audio_output_per_million, per_image, per_search, per_request) as tier) as written
     group by provider, model
  ), latest as (
    select distinct on (p.provider, p.model) p.provider, p.model, p.effective_from, p.source
      from public.model_prices p join wanted using (provider, model)
     order by p.provider, p.model, p.effective_from desc
  ), in_force as (
    select l.provider, l.model, l.effective_from, l.source, pg_catalog.array_agg(tier order by p.from_input_tokens) as all_tiers
      from latest l join public.model_prices p using (provider, model, effective_from),
           lateral (select row(
             p.from_input_tokens, p.input_per_million, p.cached_input_per_million, p.cache_write_5m_per_million, p.cache_write_1h_per_million,
             p.audio_input_per_million, p.output_per_million, p.reasoning_per_million, p.audio_output_per_million, p.per_image, p.per_search, p.per_request) as tier) as written
     group by l.provider, l.model, l.effective_from, l.source
  ), judged as (
    select w.provider, w.model, f.model is null or f.effective_from < in_effective_from as is_newer
      from wanted w left join in_force f using (provider, model)
     where f.model is null or (f.all_tiers <> w.all_tiers and (in_source = 'imported' or f.source = 'shipped'))
  ), entered as (
    insert into public.model_prices (
      provider, model, effective_from, source, from_input_tokens, input_per_million, cached_input_per_million, cache_write_5m_per_million,
      cache_write_1h_per_million, audio_input_per_million, output_per_million, reasoning_per_million, audio_output_per_million, per_image, per_search, per_request)
    select provider, model, in_effective_from, in_source, from_input_tokens, input_per_million, cached_input_per_million, cache_write_5m_per_million,
           cache_write_1h_per_million, audio_input_per_million, output_per_million, reasoning_per_million, audio_output_per_million, per_image, per_search, per_request
      from tiers join judged using (provider, model) where is_newer order by provider, model, from_input_tokens
    on conflict do nothing
    returning 1
  )
  select (select pg_catalog.count(*) from entered),
         (select pg_catalog.array_agg(provider || ' ' || model order by provider, model) from judged where not is_newer)
    into new_prices, outdated;
end
$$;

ALTER FUNCTION keyloft.load_models(in_models jsonb, in_effective_from timestamp with time zone, in_source text, OUT new_models integer, OUT new_prices integer, OUT outdated text[]) OWNER TO keyloft_definer;

-- Name: FUNCTION load_models(in_models jsonb, in_effective_from timestamp with time zone, in_source text, OUT new_models integer, OUT new_prices integer, OUT outdated text[]); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.load_models(in_models jsonb, in_effective_from timestamp with time zone, in_source text, OUT new_models integer, OUT new_prices integer, OUT outdated text[]) IS 'Brings the catalogue up to date, and enters each price that differs from the latest as a new row. What is shipped never follows upon what was imported; outdated are those whose latest price differs and is not older.';

-- Name: lock_quotas(uuid[], boolean); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.lock_quotas(in_user_ids uuid[], in_platform boolean DEFAULT false, OUT locked public.user_quota_limits[], OUT begun uuid[]) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  some_begin boolean;
  at timestamptz;
begin
  select pg_catalog.array_agg(l.quota), pg_catalog.bool_or((l.quota).reset_at is null or (l.quota).reset_at <= pg_catalog.clock_timestamp()),
         -- Never before the window began, wherever the clock goes: a reservation must be found to be of its window.
         greatest(pg_catalog.clock_timestamp(), pg_catalog.max((l.quota).last_reset))
    into locked, some_begin, at
    from (select q as quota from public.user_quota_limits q
           where q.user_id = any (in_user_ids) or in_platform and q.user_id is null order by q.id for no key update) l;
  if some_begin then
    begun := array(select o.id from unnest(locked) o where o.reset_at is null);
    update public.user_quota_limits q
       set used_requests = coalesce(b.requests, 0), used_tokens = coalesce(b.tokens, 0), used_cost = coalesce(b.cost, 0),
           reserved_requests = 0, reserved_tokens = 0, reserved_cost = 0, last_reset = at, reset_at = keyloft.window_ends(q.type, at)
      from unnest(locked) o
           left join lateral keyloft.used_before(o, keyloft.window_begins(o.type, at)) b on o.reset_at is null
     where o.id = q.id and (o.reset_at is null or o.reset_at <= at);
    select pg_catalog.array_agg(q order by q.id) into locked from unnest(locked) o join public.user_quota_limits q on q.id = o.id;
  end if;
end
$$;

ALTER FUNCTION keyloft.lock_quotas(in_user_ids uuid[], in_platform boolean, OUT locked public.user_quota_limits[], OUT begun uuid[]) OWNER TO keyloft_owner;

-- Name: FUNCTION lock_quotas(in_user_ids uuid[], in_platform boolean, OUT locked public.user_quota_limits[], OUT begun uuid[]); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.lock_quotas(in_user_ids uuid[], in_platform boolean, OUT locked public.user_quota_limits[], OUT begun uuid[]) IS 'Locks all quotas of these people, and if asked those over everybody, and begins the windows that are due. Gives them as they are then, in the order of their ids, null where there are none; and which of them began with what was used before.';

-- Name: lower_quotas(uuid[], uuid[], timestamp with time zone[], uuid[]); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.lower_quotas(in_user_ids uuid[], in_ids uuid[], in_started_at timestamp with time zone[], in_lowered_ids uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
#variable_conflict use_column
begin
  with lowered as (
    delete from keyloft.presumed_reservations p
     using unnest(in_user_ids, in_ids, in_started_at) as g (of_user, of_call, began_at)
     where p.user_id = g.of_user and p.id = g.of_call and p.id = any (in_lowered_ids)
    returning p.*, g.began_at
  )
  update public.user_quota_limits q
     set used_requests = q.used_requests - e.requests, used_tokens = q.used_tokens - e.tokens, used_cost = q.used_cost - e.cost
    from (select o.id as quota_id, pg_catalog.sum(case u.usage_basis when 'none' then 1 else 0 end) as requests,
                 pg_catalog.sum(case u.usage_basis when 'unknown' then 0 else coalesce(greatest(l.most_tokens - u.input_tokens - u.output_tokens, 0), 0) end) as tokens,
                 pg_catalog.sum(coalesce(greatest(l.most_cost_usd - u.cost_usd, 0), 0)) as cost
            from lowered l
                 join public.usage_records u on u.user_id = l.user_id and u.id = l.id and u.started_at = l.began_at
                 join public.user_quota_limits o on o.id = any (l.quota_ids) and l.reserved_at >= coalesce(o.last_reset, '-infinity')
           group by o.id) e
   where q.id = e.quota_id;
end
$$;

ALTER FUNCTION keyloft.lower_quotas(in_user_ids uuid[], in_ids uuid[], in_started_at timestamp with time zone[], in_lowered_ids uuid[]) OWNER TO keyloft_owner;

-- Name: FUNCTION lower_quotas(in_user_ids uuid[], in_ids uuid[], in_started_at timestamp with time zone[], in_lowered_ids uuid[]); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.lower_quotas(in_user_ids uuid[], in_ids uuid[], in_started_at timestamp with time zone[], in_lowered_ids uuid[]) IS 'Takes back what was booked too much for calls of which it was heard late.';

-- Name: make_usage_partitions(integer); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.make_usage_partitions(in_months_ahead integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  this_month timestamp := pg_catalog.date_trunc('month', pg_catalog.now() at time zone 'UTC');
  month_begins timestamptz;
  month_ends timestamptz;
  name text;
  made integer := 0;
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('keyloft.make_usage_partitions'));
  for ahead in 0 .. in_months_ahead loop
    month_begins := (this_month + pg_catalog.make_interval(months => ahead)) at time zone 'UTC';
    month_ends := (this_month + pg_catalog.make_interval(months => ahead + 1)) at time zone 'UTC';
    name := 'usage_records_' || pg_catalog.to_char(month_begins at time zone 'UTC', 'YYYY_MM');
    continue when pg_catalog.to_regclass('keyloft.' || name) is not null;
    execute pg_catalog.format('create table keyloft.%I (like public.usage_records including all)', name);
    -- Attached and not made in place: only the catch-all is locked, and calls of other months go on being written.
    lock table keyloft.usage_records_default in access exclusive mode;
    execute pg_catalog.format(
      'with moved as (delete from keyloft.usage_records_default where started_at >= %L and started_at < %L returning *) insert into keyloft.%I select * from moved',
      month_begins, month_ends, name);
    execute pg_catalog.format('alter table keyloft.%I enable row level security', name);
    execute pg_catalog.format('alter table keyloft.%I force row level security', name);
    execute pg_catalog.format('revoke all on keyloft.%I from public, anon, authenticated, service_role', name);
    execute pg_catalog.format('alter table public.usage_records attach partition keyloft.%I for values from (%L) to (%L)', name, month_begins, month_ends);
    made := made + 1;
  end loop;
  return made;
end
$$;

ALTER FUNCTION keyloft.make_usage_partitions(in_months_ahead integer) OWNER TO keyloft_owner;

-- Name: FUNCTION make_usage_partitions(in_months_ahead integer); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.make_usage_partitions(in_months_ahead integer) IS 'Makes the partitions of this month and so many after it, closed, and moves into them what had to wait in the catch-all. Runs as the owner, who alone can.';

-- Name: may_return(uuid); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.may_return(in_quota_id uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select exists (select from keyloft.advances a
                  where not a.is_closed and a.presumed_at is null and a.reserved_at > pg_catalog.clock_timestamp() - interval '1 second' and in_quota_id = any (a.quota_ids))
$$;

ALTER FUNCTION keyloft.may_return(in_quota_id uuid) OWNER TO keyloft_definer;

-- Name: FUNCTION may_return(in_quota_id uuid); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.may_return(in_quota_id uuid) IS 'Whether some process may soon give back what it has reserved in this quota for calls that did not come.';

-- Name: most_cost_of(public.model_prices, bigint, bigint, bigint); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.most_cost_of(price public.model_prices, input_tokens bigint, output_tokens bigint, images bigint) RETURNS numeric
    LANGUAGE sql IMMUTABLE
    RETURN (((0.000001 * (CASE WHEN (input_tokens = 0) THEN (0)::numeric ELSE ((input_tokens)::numeric * GREATEST((price).input_per_million, (price).cached_input_per_million, (price).cache_write_5m_per_million, (price).cache_write_1h_per_million, (price).audio_input_per_million)) END + CASE WHEN (output_tokens = 0) THEN (0)::numeric ELSE ((output_tokens)::numeric * GREATEST((price).output_per_million, (price).reasoning_per_million, (price).audio_output_per_million)) END)) + CASE WHEN (COALESCE(images, (0)::bigint) = 0) THEN (0)::numeric ELSE ((images)::numeric * (price).per_image) END) + COALESCE((price).per_request, (0)::numeric));

ALTER FUNCTION keyloft.most_cost_of(price public.model_prices, input_tokens bigint, output_tokens bigint, images bigint) OWNER TO keyloft_owner;

-- Name: FUNCTION most_cost_of(price public.model_prices, input_tokens bigint, output_tokens bigint, images bigint); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.most_cost_of(price public.model_prices, input_tokens bigint, output_tokens bigint, images bigint) IS 'What a call of at most so many tokens costs at most, by this price.';

-- Name: move_account(uuid, uuid, uuid[], jsonb); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.move_account(in_from uuid, in_to uuid, in_old_secrets uuid[], in_new_secrets jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $_$
declare
  owned record;
  other record;
  alike text;
  assignments text;
  referring text := 'true';
  base text;
  attempt integer;
  taken boolean;
begin
  -- The new rows of whoever is being moved refer to this one, so from here on there are none.
  perform from auth.users u where u.id = in_from and u.is_anonymous for update;
  if not found then
    return case when exists (select from keyloft.user_aliases a where a.old_id = in_from and a.user_id = in_to) then 'already' else 'refused' end;
  end if;
  perform from auth.users u where u.id = in_to and not u.is_anonymous for no key update;
  if not found then
    return 'refused';
  end if;
  if array(select s.id from keyloft.secrets s where s.user_id = in_from order by s.id) is distinct from in_old_secrets then
    return 'stale';
  end if;
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('keyloft: account moves', 0)); -- after these, as nobody who has it waits for them
  set constraints all deferred;

  insert into keyloft.secrets (id, user_id, kind, provider, host, version, sealed)
  select n.id, in_to, n.kind, n.provider, n.host, n.version, n.sealed
    from pg_catalog.jsonb_to_recordset(in_new_secrets) as n (id uuid, kind text, provider text, host text, version integer, sealed text);

  for owned in
    select o.relation, o.column_name, o.relation::text as name, r.rule, r.column_name as renamed
      from keyloft.owner_columns() o
           left join keyloft.move_rules r on r.table_name = (select n.nspname || '.' || c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = o.relation)
     where o.relation <> 'auth.users'::regclass and r.rule is distinct from 'stays' and r.rule is distinct from 'ends' and r.rule is distinct from 'special'
     order by o.relation::text, o.column_name
  loop
    if owned.rule = 'keep target' then
      for other in select x.columns from keyloft.excluding_columns(owned.relation, owned.column_name) x where x.columns is not null loop
        select coalesce(pg_catalog.string_agg(pg_catalog.format(' and t.%1$I is not distinct from o.%1$I', c), ''), '') into alike from unnest(other.columns) as c;
        execute pg_catalog.format('delete from %s t where t.%I = $1 and exists (select from %s o where o.%I = $2%s)',
          owned.relation, owned.column_name, owned.relation, owned.column_name, alike) using in_from, in_to;
      end loop;
    elsif owned.rule = 'rename' then
      for other in select x.columns from keyloft.excluding_columns(owned.relation, owned.column_name) x where x.columns is not null loop
        select coalesce(pg_catalog.string_agg(pg_catalog.format(' and t.%1$I is not distinct from o.%1$I', c), ''), '') into alike
          from unnest(other.columns) as c where c <> owned.renamed;
        loop
          execute pg_catalog.format('select t.%I from %s t where t.%I = $1 and exists (select from %s o where o.%I = $2 and o.%I = t.%I%s) limit 1',
            owned.renamed, owned.relation, owned.column_name, owned.relation, owned.column_name, owned.renamed, owned.renamed, alike)
            into base using in_from, in_to;
          exit when base is null;
          attempt := 1;
          loop
            execute pg_catalog.format('select exists (select from %s t where t.%I in ($1, $2) and t.%I = $3)',
              owned.relation, owned.column_name, owned.renamed)
              into taken using in_from, in_to, keyloft.another_name(base, attempt);
            exit when not taken;
            attempt := attempt + 1;
          end loop;
          execute pg_catalog.format('update %s t set %I = $3 where t.%I = $1 and t.%I = $4 and exists (select from %s o where o.%I = $2 and o.%I = t.%I%s)',
            owned.relation, owned.renamed, owned.column_name, owned.renamed, owned.relation, owned.column_name, owned.renamed, owned.renamed, alike)
            using in_from, in_to, keyloft.another_name(base, attempt), base;
        end loop;
      end loop;
    end if;

    select coalesce(pg_catalog.string_agg(pg_catalog.format(', %1$I = coalesce(($3 ->> %1$I::text)::uuid, %1$I)', a.attname), ''), ''),
           coalesce(pg_catalog.string_agg(pg_catalog.format(' and not exists (select from %s r where r.%I = s.id)', owned.relation, a.attname), ''), '')
      into assignments, alike
      from pg_catalog.pg_constraint k join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[
             pg_catalog.array_position(k.confkey, (select i.attnum from pg_catalog.pg_attribute i where i.attrelid = k.confrelid and i.attname = 'id'))]
     where k.conrelid = owned.relation and k.contype = 'f' and k.confrelid = 'keyloft.secrets'::regclass;
    referring := referring || alike;
    execute pg_catalog.format('update %s t set %I = $2%s where t.%I = $1', owned.relation, owned.column_name, assignments, owned.column_name)
      using in_from, in_to, (select pg_catalog.jsonb_object_agg(n.replaces, n.id) from pg_catalog.jsonb_to_recordset(in_new_secrets) as n (id uuid, replaces uuid));
  end loop;
  -- Of rows that had to give way.
  execute 'delete from keyloft.secrets s where s.id = any ($1) and ' || referring
    using array(select n.id from pg_catalog.jsonb_to_recordset(in_new_secrets) as n (id uuid));

  -- The trigger of usage_records has moved the sums by now; what is left is of records that are not kept any more.
  insert into public.usage_hourly as h
  select in_to, m.hour, m.provider, m.model, m.credential_source, m.requests, m.unpriced_requests, m.presumed_requests, m.input_tokens,
         m.cached_input_tokens, m.output_tokens, m.reasoning_tokens, m.cost_usd
    from public.usage_hourly m where m.user_id = in_from and m.requests <> 0
  on conflict (user_id, hour, provider, model, credential_source) do update
     set requests = h.requests + excluded.requests, unpriced_requests = h.unpriced_requests + excluded.unpriced_requests,
         presumed_requests = h.presumed_requests + excluded.presumed_requests, input_tokens = h.input_tokens + excluded.input_tokens,
         cached_input_tokens = h.cached_input_tokens + excluded.cached_input_tokens, output_tokens = h.output_tokens + excluded.output_tokens,
         reasoning_tokens = h.reasoning_tokens + excluded.reasoning_tokens, cost_usd = h.cost_usd + excluded.cost_usd;
  delete from public.usage_hourly h where h.user_id = in_from;

  -- Both at the windows of now, and what counted against the one goes on counting against the other.
  perform keyloft.lock_quotas(array[in_from, in_to]);
  with merged as (
    select m.*, t.id as into_id
      from public.user_quota_limits m
           join public.user_quota_limits t on t.user_id = in_to
            and (m.type, m.provider, m.model, m.spend, m.set_by, m.key_id) is not distinct from (t.type, t.provider, t.model, t.spend, t.set_by, t.key_id)
     where m.user_id = in_from
  ), kept as (
    update public.user_quota_limits t
       set used_requests = t.used_requests + m.used_requests, used_tokens = t.used_tokens + m.used_tokens, used_cost = t.used_cost + m.used_cost,
           reserved_requests = t.reserved_requests + m.reserved_requests, reserved_tokens = t.reserved_tokens + m.reserved_tokens,
           reserved_cost = t.reserved_cost + m.reserved_cost, last_reset = least(t.last_reset, m.last_reset)
      from merged m where t.id = m.into_id
  ), holding as ( -- all that were merged at once: a reservation may be in several
    update keyloft.holds h set quota_ids = array(select coalesce(m.into_id, q.id) from unnest(h.quota_ids) as q (id) left join merged m using (id))
     where h.user_id = in_to and h.quota_ids && array(select m.id from merged m)
  ), presumed as (
    update keyloft.presumed_reservations p set quota_ids = array(select coalesce(m.into_id, q.id) from unnest(p.quota_ids) as q (id) left join merged m using (id))
     where p.user_id = in_to and p.quota_ids && array(select m.id from merged m)
  ), advanced as (
    update keyloft.advances a set quota_ids = array(select coalesce(m.into_id, q.id) from unnest(a.quota_ids) as q (id) left join merged m using (id))
     where a.user_id = in_to and a.quota_ids && array(select m.id from merged m)
  )
  delete from public.user_quota_limits q using merged m where q.id = m.id;
  update public.user_quota_limits set user_id = in_to where user_id = in_from;

  insert into keyloft.user_aliases (old_id, user_id) values (in_from, in_to);
  delete from auth.users u where u.id = in_from;
  perform pg_catalog.pg_notify('keyloft', 'person ' || in_from);
  perform pg_catalog.pg_notify('keyloft', 'person ' || in_to);
  return 'moved';
end
$_$;

ALTER FUNCTION keyloft.move_account(in_from uuid, in_to uuid, in_old_secrets uuid[], in_new_secrets jsonb) OWNER TO keyloft_owner;

-- Name: FUNCTION move_account(in_from uuid, in_to uuid, in_old_secrets uuid[], in_new_secrets jsonb); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.move_account(in_from uuid, in_to uuid, in_old_secrets uuid[], in_new_secrets jsonb) IS 'Moves everything of an anonymous person to another, all or nothing. The secrets were sealed for the new owner before. Runs as the owner, whose every table has a policy for that.';

-- Name: note_ends(text); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.note_ends(in_ends text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  insert into keyloft.journal (ends) values (in_ends);
end
$$;

ALTER FUNCTION keyloft.note_ends(in_ends text) OWNER TO keyloft_definer;

-- Name: FUNCTION note_ends(in_ends text); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.note_ends(in_ends text) IS 'Notes calls that have ended, as keyloft.journal has them. Safe from then on, and posted soon.';

-- Name: note_token_use(uuid[], timestamp with time zone[]); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.note_token_use(in_ids uuid[], in_times timestamp with time zone[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  update public.api_tokens t set last_used_at = used.at
    from unnest(in_ids, in_times) as used (id, at)
   where t.id = used.id and (t.last_used_at is null or t.last_used_at <= used.at - interval '1 minute')
$$;

ALTER FUNCTION keyloft.note_token_use(in_ids uuid[], in_times timestamp with time zone[]) OWNER TO keyloft_definer;

-- Name: FUNCTION note_token_use(in_ids uuid[], in_times timestamp with time zone[]); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.note_token_use(in_ids uuid[], in_times timestamp with time zone[]) IS 'Keeps when tokens were last used, to the minute: no row is written more often than that.';

-- Name: open_calls(uuid[], uuid[], timestamp with time zone[], text[], text[], text[], text[], text[], uuid[], uuid[], json[], numeric[], integer, bigint[], bigint[], bigint[], bigint[], uuid[], integer[]); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.open_calls(in_user_ids uuid[], in_ids uuid[], in_started_at timestamp with time zone[], in_request_ids text[], in_operations text[], in_providers text[], in_models text[], in_credential_sources text[], in_key_ids uuid[], in_token_ids uuid[], in_decisions json[], in_most_cost_usd numeric[], in_lease_seconds integer, in_most_input_tokens bigint[] DEFAULT NULL::bigint[], in_most_output_tokens bigint[] DEFAULT NULL::bigint[], in_most_choices bigint[] DEFAULT NULL::bigint[], in_most_images bigint[] DEFAULT NULL::bigint[], in_advance_ids uuid[] DEFAULT NULL::uuid[], in_places integer[] DEFAULT NULL::integer[]) RETURNS text[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    AS $$
declare
  written_ids uuid[];
  invalid bigint[];
  valid boolean[];
  reserving boolean[];
  first integer;
  is_capped boolean;
  reserved record;
  verdicts text[];
begin
  in_user_ids := keyloft.present_owners(in_user_ids);
  -- Most people have no limits, and their calls pay this question for it.
  is_capped := in_credential_sources && array['server-key', 'team-gateway']
    or exists (select from public.user_quota_limits q where q.user_id = any (in_user_ids) and q.spend <> 'platform');
  for place in 1 .. cardinality(in_ids) loop
    valid[place] := keyloft.is_call(in_user_ids[place], in_ids[place], in_started_at[place], in_request_ids[place], in_operations[place],
                                    in_providers[place], in_models[place], in_credential_sources[place])
      and in_decisions[place] is not null and coalesce(in_most_cost_usd[place] between 0 and 1e12, true);
    continue when not is_capped;
    valid[place] := valid[place]
      and coalesce(least(in_most_input_tokens[place], in_most_output_tokens[place], in_most_choices[place], in_most_images[place]) >= 0
                   and greatest(in_most_input_tokens[place], in_most_output_tokens[place], in_most_images[place]) <= 1000000000000
                   and coalesce(in_most_choices[place] <= 1000000, true) and coalesce(in_places[place] between 1 and 1000, true), true);
    -- The same call twice in one batch would have to be refused twice; it does not come, and the second is none.
    first := pg_catalog.array_position(in_ids, in_ids[place]);
    if first < place then
      valid[place] := valid[place] and not exists (select from pg_catalog.generate_series(first, place - 1) as other
                                                    where in_ids[other] = in_ids[place] and in_user_ids[other] = in_user_ids[place]);
    end if;
    reserving[place] := valid[place] and in_advance_ids[place] is null;
  end loop;
  if true = any (reserving) then
    select * into reserved from keyloft.reserve_quotas(
      in_user_ids, in_ids, in_started_at, in_providers, in_models, in_credential_sources, in_key_ids, reserving, in_most_cost_usd,
      in_most_input_tokens, in_most_output_tokens, in_most_choices, in_most_images, in_places);
  else
    select null::text[] as refusals, null::text[] as quota_ids, null::bigint[] as most_tokens, null::numeric[] as most_cost_usd, null::integer[] as places, null::timestamptz as reserved_at
      into reserved;
  end if;
  with written as (
    insert into keyloft.holds as h (
      user_id, id, started_at, request_id, operation, provider, model, credential_source, key_id, token_id, decisions, most_cost_usd, most_tokens,
      quota_ids, reserved_at, advance_id, lease_until)
    select in_user_ids[place], in_ids[place], in_started_at[place], in_request_ids[place], in_operations[place], in_providers[place], in_models[place],
           in_credential_sources[place], in_key_ids[place], in_token_ids[place], in_decisions[place],
           coalesce(reserved.most_cost_usd[place], in_most_cost_usd[place]), reserved.most_tokens[place], reserved.quota_ids[place]::uuid[],
           case when reserved.quota_ids[place] is not null then reserved.reserved_at end, in_advance_ids[place],
           pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => in_lease_seconds)
      from pg_catalog.generate_series(1, cardinality(in_ids)) as place
     where valid[place] and reserved.refusals[place] is null and in_places[place] is null
     order by in_user_ids[place], in_ids[place]
    on conflict (user_id, id) do nothing
    returning h.id
  )
  select pg_catalog.array_agg(id) into written_ids from written;
  verdicts := keyloft.verdicts_of(in_ids, written_ids, 'opened', pg_catalog.array_positions(valid, false)::bigint[]);
  if reserved.refusals is not null then
    select pg_catalog.array_agg(coalesce(refusal, verdict) order by place) into verdicts
      from unnest(verdicts, reserved.refusals) with ordinality as g (verdict, refusal, place) where place <= cardinality(in_ids);
  end if;
  if in_places is not null then
    insert into keyloft.advances (id, user_id, quota_ids, reserved_at, most_tokens, most_cost_usd, places, lease_until)
    select in_ids[place], in_user_ids[place], reserved.quota_ids[place]::uuid[], reserved.reserved_at, reserved.most_tokens[place], reserved.most_cost_usd[place],
           reserved.places[place], pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => in_lease_seconds)
      from pg_catalog.generate_series(1, cardinality(in_ids)) as place where reserved.places[place] > 0;
    for place in 1 .. cardinality(in_ids) loop
      if in_places[place] > 0 and verdicts[place] <> 'invalid' then -- one that is told again has its places already
        verdicts[place] := coalesce('advance ' || (select a.places from keyloft.advances a where a.id = in_ids[place]), 'scarce');
      end if;
    end loop;
  end if;
  return verdicts;
end
$$;

ALTER FUNCTION keyloft.open_calls(in_user_ids uuid[], in_ids uuid[], in_started_at timestamp with time zone[], in_request_ids text[], in_operations text[], in_providers text[], in_models text[], in_credential_sources text[], in_key_ids uuid[], in_token_ids uuid[], in_decisions json[], in_most_cost_usd numeric[], in_lease_seconds integer, in_most_input_tokens bigint[], in_most_output_tokens bigint[], in_most_choices bigint[], in_most_images bigint[], in_advance_ids uuid[], in_places integer[]) OWNER TO keyloft_definer;

-- Name: FUNCTION open_calls(in_user_ids uuid[], in_ids uuid[], in_started_at timestamp with time zone[], in_request_ids text[], in_operations text[], in_providers text[], in_models text[], in_credential_sources text[], in_key_ids uuid[], in_token_ids uuid[], in_decisions json[], in_most_cost_usd numeric[], in_lease_seconds integer, in_most_input_tokens bigint[], in_most_output_tokens bigint[], in_most_choices bigint[], in_most_images bigint[], in_advance_ids uuid[], in_places integer[]); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.open_calls(in_user_ids uuid[], in_ids uuid[], in_started_at timestamp with time zone[], in_request_ids text[], in_operations text[], in_providers text[], in_models text[], in_credential_sources text[], in_key_ids uuid[], in_token_ids uuid[], in_decisions json[], in_most_cost_usd numeric[], in_lease_seconds integer, in_most_input_tokens bigint[], in_most_output_tokens bigint[], in_most_choices bigint[], in_most_images bigint[], in_advance_ids uuid[], in_places integer[]) IS 'Writes down calls that are about to be made, and reserves what they may use at most. A verdict for each row; a bad one fails no other.';

-- Name: owner_columns(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.owner_columns() RETURNS TABLE(relation regclass, column_name name)
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select c.oid::regclass, a.attname
    from pg_catalog.pg_class c
         join pg_catalog.pg_namespace n on n.oid = c.relnamespace
         join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.atttypid = 'uuid'::regtype
   where n.nspname in ('auth', 'public', 'keyloft', 'realtime') and c.relkind in ('r', 'p') and not c.relispartition
     and c.relowner = 'keyloft_owner'::regrole
     and (a.attname = 'user_id'
          or exists (select from pg_catalog.pg_constraint k where k.conrelid = c.oid and k.contype = 'f' and k.conkey = array[a.attnum]
                        and k.confrelid = pg_catalog.to_regclass('auth.users')))
$$;

ALTER FUNCTION keyloft.owner_columns() OWNER TO keyloft_owner;

-- Name: FUNCTION owner_columns(); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.owner_columns() IS 'Every column that says whose a row is, so that a table added later is not forgotten.';

-- Name: people_figures(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.people_figures() RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

ALTER FUNCTION keyloft.people_figures() OWNER TO keyloft_definer;

-- Name: FUNCTION people_figures(); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.people_figures() IS 'Registrations by day, the weeks in which those of a week came back to make calls, and how many use what. UTC.';

-- Name: post_ends(integer, boolean); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.post_ends(in_most integer, in_waits boolean, OUT taken integer, OUT lowered integer, OUT faulty integer) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

ALTER FUNCTION keyloft.post_ends(in_most integer, in_waits boolean, OUT taken integer, OUT lowered integer, OUT faulty integer) OWNER TO keyloft_definer;

-- Name: FUNCTION post_ends(in_most integer, in_waits boolean, OUT taken integer, OUT lowered integer, OUT faulty integer); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.post_ends(in_most integer, in_waits boolean, OUT taken integer, OUT lowered integer, OUT faulty integer) IS 'Posts what was noted to the books: so many notes at most. Waits, if asked to, for those that somebody else is posting.';

-- Name: post_lines(text[]); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.post_lines(in_lines text[], OUT lowered integer, OUT faulty integer) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
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

ALTER FUNCTION keyloft.post_lines(in_lines text[], OUT lowered integer, OUT faulty integer) OWNER TO keyloft_owner;

-- Name: FUNCTION post_lines(in_lines text[], OUT lowered integer, OUT faulty integer); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.post_lines(in_lines text[], OUT lowered integer, OUT faulty integer) IS 'Posts ends to the books, each by itself if need be.';

-- Name: user_aliases; Type: TABLE; Schema: keyloft; Owner: keyloft_owner

CREATE TABLE keyloft.user_aliases (
    old_id uuid NOT NULL,
    user_id uuid NOT NULL,
    moved_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT user_aliases_leads_elsewhere CHECK ((old_id <> user_id))
);

ALTER TABLE ONLY keyloft.user_aliases FORCE ROW LEVEL SECURITY;

ALTER TABLE keyloft.user_aliases OWNER TO keyloft_owner;

-- Name: TABLE user_aliases; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON TABLE keyloft.user_aliases IS 'Who somebody is now whose anonymous account moved into another: a call in flight settles to the new owner.';

-- Name: present_owner(uuid); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.present_owner(in_user_id uuid) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    RETURN COALESCE((SELECT a.user_id FROM keyloft.user_aliases a WHERE (a.old_id = present_owner.in_user_id)), in_user_id);

ALTER FUNCTION keyloft.present_owner(in_user_id uuid) OWNER TO keyloft_definer;

-- Name: FUNCTION present_owner(in_user_id uuid); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.present_owner(in_user_id uuid) IS 'Who this person is now, by whose id calls are kept.';

-- Name: present_owners(uuid[]); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.present_owners(in_user_ids uuid[]) RETURNS uuid[]
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('keyloft: account moves', 0));
  if not exists (select from keyloft.user_aliases a where a.old_id = any (in_user_ids)) then
    return in_user_ids;
  end if;
  return array(select coalesce(a.user_id, g.user_id)
                 from unnest(in_user_ids) with ordinality as g (user_id, place) left join keyloft.user_aliases a on a.old_id = g.user_id
                order by g.place);
end
$$;

ALTER FUNCTION keyloft.present_owners(in_user_ids uuid[]) OWNER TO keyloft_owner;

-- Name: FUNCTION present_owners(in_user_ids uuid[]); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.present_owners(in_user_ids uuid[]) IS 'Who these people are now. Until the transaction ends, nobody moves: the first thing that whoever writes calls does.';

-- Name: put_secret(uuid, uuid, text, text, text, integer, text); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.put_secret(in_id uuid, in_user_id uuid, in_kind text, in_provider text, in_host text, in_version integer, in_sealed text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  insert into keyloft.secrets (id, user_id, kind, provider, host, version, sealed)
  values (in_id, in_user_id, in_kind, in_provider, in_host, in_version, in_sealed)
$$;

ALTER FUNCTION keyloft.put_secret(in_id uuid, in_user_id uuid, in_kind text, in_provider text, in_host text, in_version integer, in_sealed text) OWNER TO keyloft_definer;

-- Name: FUNCTION put_secret(in_id uuid, in_user_id uuid, in_kind text, in_provider text, in_host text, in_version integer, in_sealed text); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.put_secret(in_id uuid, in_user_id uuid, in_kind text, in_provider text, in_host text, in_version integer, in_sealed text) IS 'Keeps one sealed text. It never changes: sealing anew makes a new secret.';

-- Name: quota_counts(public.user_quota_limits, text, text, text, uuid); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.quota_counts(quota public.user_quota_limits, provider text, model text, credential_source text, key_id uuid) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    RETURN ((((quota).provider IS NULL) OR ((quota).provider = provider)) AND (((quota).model IS NULL) OR ((quota).model = model) OR (("right"((quota).model, 1) = '*'::text) AND starts_with(model, "left"((quota).model, '-1'::integer)))) AND (((quota).spend = 'all'::text) OR ((quota).spend = CASE WHEN (credential_source = ANY (ARRAY['server-key'::text, 'team-gateway'::text])) THEN 'platform'::text ELSE 'own'::text END)) AND (((quota).key_id IS NULL) OR ((quota).key_id = key_id)));

ALTER FUNCTION keyloft.quota_counts(quota public.user_quota_limits, provider text, model text, credential_source text, key_id uuid) OWNER TO keyloft_owner;

-- Name: FUNCTION quota_counts(quota public.user_quota_limits, provider text, model text, credential_source text, key_id uuid); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.quota_counts(quota public.user_quota_limits, provider text, model text, credential_source text, key_id uuid) IS 'Whether a call of its person belongs to this quota.';

-- Name: record_audit(text, uuid, text, jsonb); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.record_audit(in_action text, in_user_id uuid, in_subject text DEFAULT NULL::text, in_details jsonb DEFAULT '{}'::jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  claims jsonb := coalesce(nullif(pg_catalog.current_setting('request.jwt.claims', true), '')::jsonb, '{}');
begin
  insert into keyloft.audit_log (actor_role, actor_id, actor_token_id, job, action, user_id, subject, request_id, details)
  values (coalesce(claims #>> '{actor,role}', claims ->> 'role', 'database'),
          coalesce(claims #>> '{actor,id}', claims ->> 'sub')::uuid,
          (claims #>> '{actor,token}')::uuid,
          claims ->> 'job', in_action, in_user_id, in_subject, claims ->> 'request_id', in_details);
end
$$;

ALTER FUNCTION keyloft.record_audit(in_action text, in_user_id uuid, in_subject text, in_details jsonb) OWNER TO keyloft_definer;

-- Name: FUNCTION record_audit(in_action text, in_user_id uuid, in_subject text, in_details jsonb); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.record_audit(in_action text, in_user_id uuid, in_subject text, in_details jsonb) IS 'Writes down who acts, as the claims of this transaction say, and what they do to whom.';

-- Name: records_of(keyloft.call_end[]); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.records_of(in_ends keyloft.call_end[]) RETURNS SETOF public.usage_records
    LANGUAGE sql STABLE
    AS $$
  select e.user_id, e.id, e.started_at, e.ended_at, e.request_id, e.operation, e.provider, e.model, e.credential_source, e.key_id, e.token_id, e.decisions,
         e.outcome, e.status, e.first_byte_ms, coalesce(e.input_tokens, 0), coalesce(e.cached_input_tokens, 0), coalesce(e.cache_write_5m_tokens, 0),
         coalesce(e.cache_write_1h_tokens, 0), coalesce(e.audio_input_tokens, 0), coalesce(e.output_tokens, 0), coalesce(e.reasoning_tokens, 0),
         coalesce(e.audio_output_tokens, 0), coalesce(e.images, 0), coalesce(e.searches, 0), e.usage_basis, e.provider_usage::json,
         case e.usage_basis when 'none' then 0 when 'unknown' then null else price.cost_usd end, price.id, e.provider_cost_usd, pg_catalog.clock_timestamp()
    from unnest(in_ends) e
         left join lateral (
           select p.id, keyloft.cost_of(
                    p, coalesce(e.input_tokens, 0), coalesce(e.cached_input_tokens, 0), coalesce(e.cache_write_5m_tokens, 0),
                    coalesce(e.cache_write_1h_tokens, 0), coalesce(e.audio_input_tokens, 0), coalesce(e.output_tokens, 0),
                    coalesce(e.reasoning_tokens, 0), coalesce(e.audio_output_tokens, 0), coalesce(e.images, 0), coalesce(e.searches, 0)) as cost_usd
             from public.model_prices p
            where p.provider = e.provider and p.model = e.model and p.effective_from <= e.started_at and p.from_input_tokens <= coalesce(e.input_tokens, 0)
            order by p.effective_from desc, p.from_input_tokens desc limit 1) price on true
   where keyloft.is_end(e)
$$;

ALTER FUNCTION keyloft.records_of(in_ends keyloft.call_end[]) OWNER TO keyloft_owner;

-- Name: FUNCTION records_of(in_ends keyloft.call_end[]); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.records_of(in_ends keyloft.call_end[]) IS 'What the books say of these calls, with their cost by the price in force when they began. Of those that can be written.';

-- Name: refer_to_oauth_tokens(uuid, uuid, uuid, uuid, uuid); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.refer_to_oauth_tokens(in_account_id uuid, in_user_id uuid, in_access_token uuid, in_refresh_token uuid, in_id_token uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  update auth.accounts a
     set access_token = coalesce(in_access_token::text, a.access_token), refresh_token = coalesce(in_refresh_token::text, a.refresh_token),
         id_token = coalesce(in_id_token::text, a.id_token)
   where a.id = in_account_id and a.user_id = in_user_id;
  return found;
end
$$;

ALTER FUNCTION keyloft.refer_to_oauth_tokens(in_account_id uuid, in_user_id uuid, in_access_token uuid, in_refresh_token uuid, in_id_token uuid) OWNER TO keyloft_definer;

-- Name: FUNCTION refer_to_oauth_tokens(in_account_id uuid, in_user_id uuid, in_access_token uuid, in_refresh_token uuid, in_id_token uuid); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.refer_to_oauth_tokens(in_account_id uuid, in_user_id uuid, in_access_token uuid, in_refresh_token uuid, in_id_token uuid) IS 'Lets an account refer to secrets that were kept in the same transaction. Null leaves what is there. False where the account is gone.';

-- Name: remember_object(uuid, text, text, text, uuid); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.remember_object(in_user_id uuid, in_object_id text, in_provider text, in_credential_source text, in_key_id uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  insert into keyloft.provider_objects as o (user_id, object_id, provider, credential_source, key_id)
  values (keyloft.present_owner(in_user_id), in_object_id, in_provider, in_credential_source, in_key_id)
  on conflict (user_id, object_id) do nothing
$$;

ALTER FUNCTION keyloft.remember_object(in_user_id uuid, in_object_id text, in_provider text, in_credential_source text, in_key_id uuid) OWNER TO keyloft_definer;

-- Name: FUNCTION remember_object(in_user_id uuid, in_object_id text, in_provider text, in_credential_source text, in_key_id uuid); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.remember_object(in_user_id uuid, in_object_id text, in_provider text, in_credential_source text, in_key_id uuid) IS 'Keeps with which key something was made. The first time counts.';

-- Name: renew_leases(uuid[], uuid[], integer); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.renew_leases(in_user_ids uuid[], in_ids uuid[], in_lease_seconds integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  renewed integer;
begin
  in_user_ids := keyloft.present_owners(in_user_ids);
  -- What is locked is being settled or swept; to wait for it would only invite a deadlock.
  with living as (
    select h.user_id, h.id
      from unnest(in_user_ids, in_ids) as l (user_id, id) join keyloft.holds h using (user_id, id)
       for update of h skip locked
  )
  update keyloft.holds h set lease_until = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => in_lease_seconds)
    from living l where h.user_id = l.user_id and h.id = l.id;
  get diagnostics renewed = row_count;
  update keyloft.advances a set lease_until = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => in_lease_seconds)
   where a.id = any (array(
     select o.id from keyloft.advances o
      where o.presumed_at is null and o.id = any (array(select h.advance_id from unnest(in_user_ids, in_ids) as l (user_id, id) join keyloft.holds h using (user_id, id)))
        for update skip locked));
  return renewed;
end
$$;

ALTER FUNCTION keyloft.renew_leases(in_user_ids uuid[], in_ids uuid[], in_lease_seconds integer) OWNER TO keyloft_definer;

-- Name: FUNCTION renew_leases(in_user_ids uuid[], in_ids uuid[], in_lease_seconds integer); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.renew_leases(in_user_ids uuid[], in_ids uuid[], in_lease_seconds integer) IS 'Says of calls, and of the advances in which they have their places, that they still go on.';

-- Name: require_admin(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.require_admin() RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  claims jsonb := coalesce(nullif(pg_catalog.current_setting('request.jwt.claims', true), '')::jsonb, '{}');
  actor jsonb := claims -> 'actor';
begin
  if claims ->> 'role' = 'service_role' and actor ->> 'role' in ('service_role', 'operator') then
    return;
  end if;
  if claims ->> 'role' = 'service_role' and actor ->> 'role' = 'authenticated' and actor ->> 'token' is null
    and exists (select from public.user_standing s
                 where s.user_id = (actor ->> 'id')::uuid and s.is_admin and s.disabled_at is null and s.deactivated_at is null) then
    return;
  end if;
  raise exception 'Only an admin is told this.' using errcode = '42501';
end
$$;

ALTER FUNCTION keyloft.require_admin() OWNER TO keyloft_definer;

-- Name: FUNCTION require_admin(); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.require_admin() IS 'Refuses unless this is done for service_role, for an operator''s command, or for somebody who is an admin at this moment, and not by an API token.';

-- Name: require_service_role(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.require_service_role() RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  if coalesce(nullif(pg_catalog.current_setting('request.jwt.claims', true), '')::jsonb ->> 'role', '') <> 'service_role' then
    raise exception 'Must be called as service role';
  end if;
end
$$;

ALTER FUNCTION keyloft.require_service_role() OWNER TO keyloft_definer;

-- Name: FUNCTION require_service_role(); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.require_service_role() IS 'For who may execute anything, such as a superuser in psql: they must say what they act as.';

-- Name: rerate_day(uuid, timestamp with time zone, text, text, boolean, timestamp with time zone, boolean); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.rerate_day(in_rerating_id uuid, in_day timestamp with time zone, in_provider text, in_model text, in_as_booked boolean, in_prices_of timestamp with time zone, in_write boolean, OUT calls bigint, OUT changed_calls bigint, OUT cost_usd numeric, OUT unpriced_requests bigint, OUT written bigint) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
#variable_conflict use_column
begin
  -- Two runs at once would both see what is not there yet.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('keyloft.rerate_day'));
  with rated as (
    select u.user_id, pg_catalog.date_trunc('hour', u.started_at, 'UTC') as hour, u.provider, u.model, u.credential_source, u.cost_usd as booked,
           case when in_as_booked or u.usage_basis in ('none', 'unknown') or (found.price).id is not distinct from u.price_id then u.cost_usd
                else coalesce(keyloft.cost_of(
                  found.price, u.input_tokens, u.cached_input_tokens, u.cache_write_5m_tokens, u.cache_write_1h_tokens, u.audio_input_tokens,
                  u.output_tokens, u.reasoning_tokens, u.audio_output_tokens, u.images, u.searches), u.cost_usd) end as wanted
      from public.usage_records u
           left join lateral (
             select p as price from public.model_prices p
              where p.provider = u.provider and p.model = u.model and p.effective_from <= coalesce(in_prices_of, u.started_at)
                and p.from_input_tokens <= u.input_tokens
              order by p.effective_from desc, p.from_input_tokens desc limit 1) found on true
     where u.started_at >= in_day and u.started_at < in_day + interval '24 hours'
       and (in_provider is null or u.provider = in_provider) and (in_model is null or u.model = in_model)
  ), hours as (
    select user_id, hour, provider, model, credential_source, pg_catalog.count(*) as calls,
           pg_catalog.count(*) filter (where wanted is distinct from booked) as changed_calls,
           coalesce(pg_catalog.sum(wanted), 0) - coalesce(pg_catalog.sum(booked), 0) as cost_usd,
           pg_catalog.count(booked) - pg_catalog.count(wanted) as unpriced_requests
      from rated group by 1, 2, 3, 4, 5
  ), before as (
    select a.user_id, a.hour, a.provider, a.model, a.credential_source, pg_catalog.sum(a.cost_usd) as cost_usd,
           pg_catalog.sum(a.unpriced_requests)::bigint as unpriced_requests
      from public.usage_adjustments a
     where a.hour >= in_day and a.hour < in_day + interval '24 hours'
     group by 1, 2, 3, 4, 5
  ), differences as (
    select h.user_id, h.hour, h.provider, h.model, h.credential_source, h.calls, h.changed_calls,
           h.cost_usd - coalesce(b.cost_usd, 0) as cost_usd, h.unpriced_requests - coalesce(b.unpriced_requests, 0) as unpriced_requests
      from hours h left join before b using (user_id, hour, provider, model, credential_source)
  ), written as (
    insert into public.usage_adjustments (user_id, hour, provider, model, credential_source, rerating_id, cost_usd, unpriced_requests)
    select d.user_id, d.hour, d.provider, d.model, d.credential_source, in_rerating_id, pg_catalog.trim_scale(d.cost_usd), d.unpriced_requests
      from differences d
     where in_write and (d.cost_usd <> 0 or d.unpriced_requests <> 0)
     order by 1, 2, 3, 4, 5
    returning 1
  )
  select coalesce(pg_catalog.sum(d.calls), 0)::bigint, coalesce(pg_catalog.sum(d.changed_calls), 0)::bigint,
         pg_catalog.trim_scale(coalesce(pg_catalog.sum(d.cost_usd), 0)), coalesce(pg_catalog.sum(d.unpriced_requests), 0)::bigint,
         (select pg_catalog.count(*) from written)
    into calls, changed_calls, cost_usd, unpriced_requests, written
    from differences d;
end
$$;

ALTER FUNCTION keyloft.rerate_day(in_rerating_id uuid, in_day timestamp with time zone, in_provider text, in_model text, in_as_booked boolean, in_prices_of timestamp with time zone, in_write boolean, OUT calls bigint, OUT changed_calls bigint, OUT cost_usd numeric, OUT unpriced_requests bigint, OUT written bigint) OWNER TO keyloft_definer;

-- Name: FUNCTION rerate_day(in_rerating_id uuid, in_day timestamp with time zone, in_provider text, in_model text, in_as_booked boolean, in_prices_of timestamp with time zone, in_write boolean, OUT calls bigint, OUT changed_calls bigint, OUT cost_usd numeric, OUT unpriced_requests bigint, OUT written bigint); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.rerate_day(in_rerating_id uuid, in_day timestamp with time zone, in_provider text, in_model text, in_as_booked boolean, in_prices_of timestamp with time zone, in_write boolean, OUT calls bigint, OUT changed_calls bigint, OUT cost_usd numeric, OUT unpriced_requests bigint, OUT written bigint) IS 'Writes what the calls of a day cost more or less by the prices in force when they began, by those of another time, or by those they were booked at.';

-- Name: reserve_again(keyloft.presumed_reservations[]); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.reserve_again(in_reservations keyloft.presumed_reservations[]) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$
  update public.user_quota_limits q
     set reserved_requests = q.reserved_requests + m.requests, reserved_tokens = q.reserved_tokens + m.tokens, reserved_cost = q.reserved_cost + m.cost,
         used_requests = q.used_requests - m.requests, used_tokens = q.used_tokens - m.tokens, used_cost = q.used_cost - m.cost
    from (select o.id, pg_catalog.count(*) as requests, coalesce(pg_catalog.sum(r.most_tokens), 0) as tokens, coalesce(pg_catalog.sum(r.most_cost_usd), 0) as cost
            from unnest(in_reservations) r join public.user_quota_limits o on o.id = any (r.quota_ids) and o.last_reset <= r.reserved_at
           group by o.id) m
   where q.id = m.id
$$;

ALTER FUNCTION keyloft.reserve_again(in_reservations keyloft.presumed_reservations[]) OWNER TO keyloft_owner;

-- Name: FUNCTION reserve_again(in_reservations keyloft.presumed_reservations[]); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.reserve_again(in_reservations keyloft.presumed_reservations[]) IS 'Of places that were presumed to be used: they are only reserved after all.';

-- Name: reserve_quotas(uuid[], uuid[], timestamp with time zone[], text[], text[], text[], uuid[], boolean[], numeric[], bigint[], bigint[], bigint[], bigint[], integer[]); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.reserve_quotas(in_user_ids uuid[], in_ids uuid[], in_started_at timestamp with time zone[], in_providers text[], in_models text[], in_credential_sources text[], in_key_ids uuid[], in_valid boolean[], in_most_cost_usd numeric[], in_most_input_tokens bigint[], in_most_output_tokens bigint[], in_most_choices bigint[], in_most_images bigint[], in_places integer[], OUT refusals text[], OUT quota_ids text[], OUT most_tokens bigint[], OUT most_cost_usd numeric[], OUT places integer[], OUT reserved_at timestamp with time zone) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  of_platform boolean := in_credential_sources && array['server-key', 'team-gateway'];
  locked public.user_quota_limits[];
  tier record;
  of_tiers bigint[];
  opened_before integer[];
  -- What there is, what is left of each beside what calls under way may use, which is null without a limit, and that.
  quota public.user_quota_limits;
  quotas public.user_quota_limits[];
  ids uuid[];
  owners uuid[];
  left_requests bigint[];
  left_tokens bigint[];
  left_cost numeric[];
  taken_requests bigint[];
  taken_tokens bigint[];
  taken_cost numeric[];
  changed_ids uuid[];
  -- What the catalogue says of the models that are asked for.
  models text[];
  context_lengths bigint[];
  answer_lengths bigint[];
  prices public.model_prices[];
  price public.model_prices;
  found_prices public.model_prices[];
  context_length bigint;
  answer_length bigint;
  -- Of a call, and of those behind it that are alike.
  before integer;
  no integer;
  model integer;
  its integer[];
  its_ids uuid[];
  its_ids_text text;
  has_cost_limit boolean;
  -- Of a call alone.
  input_tokens bigint;
  output_tokens bigint;
  tokens bigint;
  cost numeric;
  price_from timestamptz;
  price_cost numeric;
  its_places integer;
  lacks text;
  may_fit_later boolean;
  refusing_ids uuid[];
begin
  if of_platform then
    insert into public.user_quota_limits (user_id, type, spend, set_by)
    select distinct g.user_id, t.type, 'platform', 'tier'
      from unnest(in_user_ids, in_credential_sources) as g (user_id, credential_source)
           join keyloft.tiers_of(in_user_ids) s on s.user_id = g.user_id
           join public.quota_tiers t on t.tier = s.tier
     where g.credential_source in ('server-key', 'team-gateway')
       and not exists (select from public.user_quota_limits q where q.user_id = g.user_id and q.type = t.type and q.set_by = 'tier')
     order by 1, 2
    on conflict do nothing;
  end if;
  locked := (keyloft.lock_quotas(in_user_ids, of_platform)).locked;
  if locked is null then
    return;
  end if;

  -- A tier counts calls that the operator pays for and no others, so it is looked up for those alone. Its limits are its own,
  -- unless the operator set others for the person.
  if of_platform then
    for tier in
      select q.ordinality as no, t.request_limit, t.token_limit, t.cost_limit
        from keyloft.tiers_of(in_user_ids) s
             join unnest(locked) with ordinality q on q.user_id = s.user_id and q.set_by = 'tier'
             join public.quota_tiers t on t.tier = s.tier and t.type = q.type
       where not exists (select from unnest(locked) o
                          where o.user_id = q.user_id and o.type = q.type and o.spend = 'platform' and o.set_by = 'operator' and o.is_active)
    loop
      locked[tier.no].request_limit := tier.request_limit;
      locked[tier.no].token_limit := tier.token_limit;
      locked[tier.no].cost_limit := tier.cost_limit;
      of_tiers := of_tiers || tier.no;
    end loop;
  end if;
  reserved_at := pg_catalog.clock_timestamp();
  no := 0;
  foreach quota in array locked loop
    no := no + 1;
    reserved_at := greatest(reserved_at, quota.last_reset);
    continue when not quota.is_active or quota.set_by = 'tier' and (no = any (of_tiers)) is not true;
    quotas := quotas || quota;
    ids := ids || quota.id;
    owners := owners || quota.user_id;
    left_requests := left_requests || (quota.request_limit - quota.used_requests);
    left_tokens := left_tokens || (quota.token_limit - quota.used_tokens);
    left_cost := left_cost || (quota.cost_limit - quota.used_cost);
    taken_requests := taken_requests || quota.reserved_requests;
    taken_tokens := taken_tokens || quota.reserved_tokens;
    taken_cost := taken_cost || quota.reserved_cost;
  end loop;
  if ids is null then
    return;
  end if;

  -- Not as a join, which might read all there are.
  opened_before := array(select place from pg_catalog.generate_series(1, cardinality(in_ids)) as place
                          where (select true from keyloft.holds h where h.user_id = in_user_ids[place] and h.id = in_ids[place])
                             or in_places[place] > 0 and (select true from keyloft.advances a where a.id = in_ids[place]));
  for place in 1 .. cardinality(in_ids) loop
    continue when not in_valid[place] or place = any (opened_before);
    if before is null or (in_user_ids[place], in_providers[place], in_models[place], in_credential_sources[place], in_key_ids[place])
         is distinct from (in_user_ids[before], in_providers[before], in_models[before], in_credential_sources[before], in_key_ids[before]) then
      before := place;
      its := null;
      its_ids := null;
      has_cost_limit := false;
      foreach no in array pg_catalog.array_positions(owners, in_user_ids[place]) || pg_catalog.array_positions(owners, null) loop
        if keyloft.quota_counts(quotas[no], in_providers[place], in_models[place], in_credential_sources[place], in_key_ids[place]) then
          its := its || no;
          its_ids := its_ids || ids[no];
          has_cost_limit := has_cost_limit or quotas[no].cost_limit is not null;
        end if;
      end loop;
      if its is not null then
        its_ids_text := its_ids::text;
        model := pg_catalog.array_position(models, in_providers[place] || '/' || in_models[place]);
        if model is null then
          select m.context_length, m.max_tokens,
                 array(select p from public.model_prices p where p.provider = in_providers[place] and p.model = in_models[place] order by p.effective_from desc)
            into context_length, answer_length, found_prices
            from (values (1)) as one left join public.ai_models m on m.provider = in_providers[place] and m.model = in_models[place];
          models := models || (in_providers[place] || '/' || in_models[place]);
          model := cardinality(models);
          context_lengths[model] := context_length;
          answer_lengths[model] := answer_length;
          prices := prices || found_prices;
        end if;
      end if;
    end if;
    continue when its is null;

    input_tokens := case when in_most_input_tokens[place] = 1000000000000 then context_lengths[model]
                         when in_most_cost_usd[place] is null and in_most_input_tokens[place] is not null then least(in_most_input_tokens[place], context_lengths[model])
                         else in_most_input_tokens[place] end;
    output_tokens := coalesce(in_most_choices[place], 1) * coalesce(in_most_output_tokens[place], answer_lengths[model], context_lengths[model]);
    tokens := input_tokens + output_tokens;
    cost := in_most_cost_usd[place];
    if cost is null and has_cost_limit then
      -- The dearest of every tier that so many tokens may reach, of the prices in force when it began: the newest come first.
      price_from := null;
      price_cost := null;
      foreach price in array prices loop
        continue when price.model <> in_models[place] or price.provider <> in_providers[place] or price.effective_from > in_started_at[place];
        exit when price.effective_from < price_from;
        price_from := price.effective_from;
        continue when (price.from_input_tokens <= input_tokens) is not true;
        price_cost := keyloft.most_cost_of(price, input_tokens, output_tokens, in_most_images[place]);
        cost := greatest(cost, price_cost);
        exit when price_cost is null;
      end loop;
      if price_cost is null then
        cost := null;
      end if;
    end if;

    -- What nobody can bound does not fit.
    its_places := in_places[place];
    lacks := null;
    foreach no in array its loop
      if its_places is not null then
        its_places := least(its_places, case when quotas[no].no_advances_until > pg_catalog.clock_timestamp() then 0 end, (left_requests[no] - taken_requests[no]) / 8,
          case when left_tokens[no] is not null then case tokens when 0 then its_places else coalesce((left_tokens[no] - taken_tokens[no]) / (8 * tokens), 0) end end,
          case when left_cost[no] is not null then case cost when 0 then its_places else coalesce(pg_catalog.trunc((left_cost[no] - taken_cost[no]) / (8 * cost)), 0) end end);
        continue;
      end if;
      lacks := case
        when left_requests[no] <= taken_requests[no] then 'requests'
        when left_tokens[no] is not null and (taken_tokens[no] + tokens <= left_tokens[no]) is not true then 'tokens'
        when left_cost[no] is not null and (taken_cost[no] + cost <= left_cost[no]) is not true then 'cost'
      end;
      exit when lacks is not null;
    end loop;
    continue when its_places < 1;
    if lacks is not null then
      quota := quotas[no];
      may_fit_later := case lacks when 'requests' then left_requests[no] >= 1 when 'tokens' then left_tokens[no] >= tokens else left_cost[no] >= cost end;
      if may_fit_later then
        refusing_ids := refusing_ids || quota.id;
      end if;
      refusals := coalesce(refusals, pg_catalog.array_fill(null::text, array[cardinality(in_ids)]));
      refusals[place] := case
        when lacks = 'tokens' and tokens is null or lacks = 'cost' and cost is null
          then pg_catalog.concat_ws(' ', 'unbounded', quota.id, quota.type, quota.set_by, quota.spend, lacks)
        else pg_catalog.concat_ws(' ', 'over', quota.id, quota.type, quota.set_by, quota.spend, lacks, case lacks
          when 'requests' then pg_catalog.concat_ws(' ', quota.request_limit, greatest(left_requests[no] - taken_requests[no], 0), 1)
          when 'tokens' then pg_catalog.concat_ws(' ', quota.token_limit, greatest(left_tokens[no] - taken_tokens[no], 0), tokens)
          else pg_catalog.concat_ws(' ', pg_catalog.trim_scale(quota.cost_limit),
            pg_catalog.trim_scale(greatest(left_cost[no] - taken_cost[no], 0)), pg_catalog.trim_scale(cost)) end,
          extract(epoch from quota.reset_at)::bigint, case when may_fit_later then 'later' else 'never' end)
      end;
      continue;
    end if;
    if its_ids is not null then
      changed_ids := changed_ids || its_ids;
      its_ids := null;
    end if;
    foreach no in array its loop
      taken_requests[no] := taken_requests[no] + coalesce(its_places, 1);
      taken_tokens[no] := taken_tokens[no] + coalesce(its_places, 1) * coalesce(tokens, 0);
      taken_cost[no] := taken_cost[no] + coalesce(its_places, 1) * coalesce(cost, 0);
    end loop;
    places[place] := its_places;
    quota_ids[place] := its_ids_text;
    most_tokens[place] := tokens;
    most_cost_usd[place] := cost;
  end loop;

  update public.user_quota_limits q set reserved_requests = t.requests, reserved_tokens = t.tokens, reserved_cost = t.cost
    from unnest(ids, taken_requests, taken_tokens, taken_cost) as t (id, requests, tokens, cost)
   where q.id = t.id and t.id = any (changed_ids);
  if refusing_ids is not null then
    update public.user_quota_limits q set no_advances_until = pg_catalog.clock_timestamp() + interval '2 seconds'
     where q.id = any (refusing_ids) and (q.no_advances_until > pg_catalog.clock_timestamp() + interval '1 second') is not true;
  end if;
end
$$;

ALTER FUNCTION keyloft.reserve_quotas(in_user_ids uuid[], in_ids uuid[], in_started_at timestamp with time zone[], in_providers text[], in_models text[], in_credential_sources text[], in_key_ids uuid[], in_valid boolean[], in_most_cost_usd numeric[], in_most_input_tokens bigint[], in_most_output_tokens bigint[], in_most_choices bigint[], in_most_images bigint[], in_places integer[], OUT refusals text[], OUT quota_ids text[], OUT most_tokens bigint[], OUT most_cost_usd numeric[], OUT places integer[], OUT reserved_at timestamp with time zone) OWNER TO keyloft_owner;

-- Name: FUNCTION reserve_quotas(in_user_ids uuid[], in_ids uuid[], in_started_at timestamp with time zone[], in_providers text[], in_models text[], in_credential_sources text[], in_key_ids uuid[], in_valid boolean[], in_most_cost_usd numeric[], in_most_input_tokens bigint[], in_most_output_tokens bigint[], in_most_choices bigint[], in_most_images bigint[], in_places integer[], OUT refusals text[], OUT quota_ids text[], OUT most_tokens bigint[], OUT most_cost_usd numeric[], OUT places integer[], OUT reserved_at timestamp with time zone); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.reserve_quotas(in_user_ids uuid[], in_ids uuid[], in_started_at timestamp with time zone[], in_providers text[], in_models text[], in_credential_sources text[], in_key_ids uuid[], in_valid boolean[], in_most_cost_usd numeric[], in_most_input_tokens bigint[], in_most_output_tokens bigint[], in_most_choices bigint[], in_most_images bigint[], in_places integer[], OUT refusals text[], OUT quota_ids text[], OUT most_tokens bigint[], OUT most_cost_usd numeric[], OUT places integer[], OUT reserved_at timestamp with time zone) IS 'Reserves the most that each call may use. By the place of each call: what refuses it, and where how much was reserved.';

-- Name: resolver_facts(uuid); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.resolver_facts(in_user_id uuid, OUT settings jsonb, OUT gateway_base_url text, OUT keys jsonb, OUT caps_own boolean, OUT caps_platform boolean) RETURNS record
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select (select pg_catalog.jsonb_build_object('allow_gateway_fallback', s.allow_gateway_fallback, 'own_keys_only', s.own_keys_only)
            from public.user_settings s where s.user_id = in_user_id),
         (select g.base_url from public.api_gateway_configs g where g.user_id = in_user_id),
         (select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                   'id', k.id, 'service', k.service, 'is_enabled', k.is_enabled, 'is_valid', k.is_valid,
                   'daily_limit', k.daily_limit, 'monthly_limit', k.monthly_limit,
                   'secret', case when k.is_enabled and s.id is not null then pg_catalog.jsonb_build_object(
                     'id', s.id, 'user_id', s.user_id, 'kind', s.kind, 'provider', s.provider, 'host', s.host,
                     'version', s.version, 'sealed', s.sealed) end)
                 order by k.priority, k.key_name <> '', k.key_name), '[]')
            from public.api_keys k left join keyloft.secrets s on s.id = k.secret_id and s.user_id = k.user_id
           where k.user_id = in_user_id),
         exists (select from public.user_quota_limits q where q.user_id = in_user_id and q.is_active and q.spend <> 'platform'),
         exists (select from public.user_quota_limits q where q.user_id = in_user_id and q.is_active and q.spend <> 'own' and q.set_by <> 'tier')
         or exists (select from public.user_quota_limits q where q.user_id is null and q.is_active)
         or exists (select from public.quota_tiers t join keyloft.tiers_of(array[in_user_id]) s using (tier))
$$;

ALTER FUNCTION keyloft.resolver_facts(in_user_id uuid, OUT settings jsonb, OUT gateway_base_url text, OUT keys jsonb, OUT caps_own boolean, OUT caps_platform boolean) OWNER TO keyloft_definer;

-- Name: FUNCTION resolver_facts(in_user_id uuid, OUT settings jsonb, OUT gateway_base_url text, OUT keys jsonb, OUT caps_own boolean, OUT caps_platform boolean); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.resolver_facts(in_user_id uuid, OUT settings jsonb, OUT gateway_base_url text, OUT keys jsonb, OUT caps_own boolean, OUT caps_platform boolean) IS 'All of a person that decides which key serves a call: what they chose, where their gateway is, and their keys, sealed, in the order in which they are taken. And whether a limit may hold for calls with their own keys, and for those that the operator pays for.';

-- Name: return_places(uuid[], integer[]); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.return_places(in_ids uuid[], in_free integer[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
#variable_conflict use_column
declare
  advances keyloft.advances[];
  owners uuid[];
  freed keyloft.presumed_reservations[];
  presumed keyloft.presumed_reservations[];
begin
  perform keyloft.present_owners('{}');
  -- Once each, for it may be told again.
  advances := array(select a from keyloft.advances a where a.id = any (in_ids) and not a.is_closed order by a.id for no key update);
  select pg_catalog.array_agg(f.user_id), pg_catalog.array_agg(f.reservation), pg_catalog.array_agg(f.reservation) filter (where f.presumed_at is not null)
    into owners, freed, presumed
    from (select a.user_id, row(a.user_id, a.id, a.quota_ids, a.reserved_at, a.most_tokens, a.most_cost_usd)::keyloft.presumed_reservations as reservation, a.presumed_at
            from unnest(advances) a join unnest(in_ids, in_free) as g (id, free) on g.id = a.id
                 cross join pg_catalog.generate_series(1, least(a.places, coalesce(g.free, a.places)))) f;
  update keyloft.advances a set places = a.places - least(a.places, coalesce(g.free, a.places)), is_closed = true
    from unnest(in_ids, in_free) as g (id, free) where a.id = g.id and not a.is_closed;
  delete from keyloft.advances a where a.id = any (in_ids) and a.places = 0;
  if freed is not null then
    perform keyloft.book_quotas(owners, keyloft.are_of_everybody(advances), null, freed, presumed);
  end if;
end
$$;

ALTER FUNCTION keyloft.return_places(in_ids uuid[], in_free integer[]) OWNER TO keyloft_definer;

-- Name: FUNCTION return_places(in_ids uuid[], in_free integer[]); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.return_places(in_ids uuid[], in_free integer[]) IS 'Closes advances: what of their places no call took, or null for all, is free again.';

-- Name: revoke_api_token(text, bytea); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.revoke_api_token(in_public_id text, in_secret_hash bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  update public.api_tokens t set revoked_at = coalesce(t.revoked_at, pg_catalog.now())
   where t.public_id = in_public_id and t.secret_hash = in_secret_hash;
  return found;
end
$$;

ALTER FUNCTION keyloft.revoke_api_token(in_public_id text, in_secret_hash bytea) OWNER TO keyloft_definer;

-- Name: FUNCTION revoke_api_token(in_public_id text, in_secret_hash bytea); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.revoke_api_token(in_public_id text, in_secret_hash bytea) IS 'For whoever holds the token itself, such as the finder of a published one. False where there is none.';

-- Name: roll_up_usage(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.roll_up_usage() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  if tg_op = 'UPDATE' then
    with changes as (
      select 1 as sign, n.* from new_rows n union all select -1, o.* from old_rows o
    )
    insert into public.usage_hourly as h
    select user_id, pg_catalog.date_trunc('hour', started_at, 'UTC') as hour, provider, model, credential_source, sum(sign),
           sum(case when cost_usd is null then sign else 0 end), sum(case when outcome = 'presumed' then sign else 0 end),
           sum(sign * input_tokens), sum(sign * cached_input_tokens), sum(sign * output_tokens), sum(sign * reasoning_tokens),
           sum(sign * coalesce(cost_usd, 0))
      from changes group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
    on conflict (user_id, hour, provider, model, credential_source) do update
       set requests = h.requests + excluded.requests, unpriced_requests = h.unpriced_requests + excluded.unpriced_requests,
           presumed_requests = h.presumed_requests + excluded.presumed_requests, input_tokens = h.input_tokens + excluded.input_tokens,
           cached_input_tokens = h.cached_input_tokens + excluded.cached_input_tokens, output_tokens = h.output_tokens + excluded.output_tokens,
           reasoning_tokens = h.reasoning_tokens + excluded.reasoning_tokens, cost_usd = h.cost_usd + excluded.cost_usd;
  else
    insert into public.usage_hourly as h
    select user_id, pg_catalog.date_trunc('hour', started_at, 'UTC') as hour, provider, model, credential_source, count(*),
           count(*) - count(cost_usd), count(*) filter (where outcome = 'presumed'),
           sum(input_tokens), sum(cached_input_tokens), sum(output_tokens), sum(reasoning_tokens), coalesce(sum(cost_usd), 0)
      from new_rows group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
    on conflict (user_id, hour, provider, model, credential_source) do update
       set requests = h.requests + excluded.requests, unpriced_requests = h.unpriced_requests + excluded.unpriced_requests,
           presumed_requests = h.presumed_requests + excluded.presumed_requests, input_tokens = h.input_tokens + excluded.input_tokens,
           cached_input_tokens = h.cached_input_tokens + excluded.cached_input_tokens, output_tokens = h.output_tokens + excluded.output_tokens,
           reasoning_tokens = h.reasoning_tokens + excluded.reasoning_tokens, cost_usd = h.cost_usd + excluded.cost_usd;
  end if;
  return null;
end
$$;

ALTER FUNCTION keyloft.roll_up_usage() OWNER TO keyloft_owner;

-- Name: sealed_api_key(uuid); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.sealed_api_key(in_api_key_id uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  -- Asks for the role that was entered: a claim could be forged, and inside of this function the current user is another.
  select s.sealed
    from public.api_keys k join keyloft.secrets s on s.id = k.secret_id and s.user_id = k.user_id
   where k.id = in_api_key_id and pg_catalog.current_setting('role', true) = 'service_role'
$$;

ALTER FUNCTION keyloft.sealed_api_key(in_api_key_id uuid) OWNER TO keyloft_definer;

-- Name: FUNCTION sealed_api_key(in_api_key_id uuid); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.sealed_api_key(in_api_key_id uuid) IS 'The sealed text of a key for service_role; null for everybody else.';

-- Name: secrets_of(uuid); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.secrets_of(in_user_id uuid) RETURNS TABLE(id uuid, user_id uuid, kind text, provider text, host text, version integer, sealed text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select s.id, s.user_id, s.kind, s.provider, s.host, s.version, s.sealed from keyloft.secrets s where s.user_id = in_user_id order by s.id
$$;

ALTER FUNCTION keyloft.secrets_of(in_user_id uuid) OWNER TO keyloft_definer;

-- Name: FUNCTION secrets_of(in_user_id uuid); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.secrets_of(in_user_id uuid) IS 'Every sealed text of a person''s, to be sealed for another.';

-- Name: set_updated_at(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.set_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  new.updated_at := pg_catalog.now();
  return new;
end
$$;

ALTER FUNCTION keyloft.set_updated_at() OWNER TO keyloft_owner;

-- Name: FUNCTION set_updated_at(); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.set_updated_at() IS 'Trigger: a changed row says when.';

-- Name: settle_calls(keyloft.call_end[]); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.settle_calls(in_ends keyloft.call_end[]) RETURNS text[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_hashjoin TO 'off'
    AS $$
declare
  given_owners uuid[];
  owners uuid[];
  ids uuid[];
  written integer;
  written_ids uuid[];
  verdicts text[];
  is_capped boolean;
  of_platform boolean;
  in_advance boolean;
  reservations keyloft.presumed_reservations[];
  drawn keyloft.presumed_reservations[];
  presumed keyloft.presumed_reservations[];
  booked keyloft.counted_call[];
  lowered_ids uuid[];
begin
  select pg_catalog.array_agg(e.user_id), pg_catalog.array_agg(e.id), pg_catalog.bool_or(e.credential_source in ('server-key', 'team-gateway')), pg_catalog.bool_or(e.advance_id is not null)
    into given_owners, ids, of_platform, in_advance
    from unnest(in_ends) e;
  perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('keyloft: limits set', 0));
  owners := keyloft.present_owners(given_owners);
  if owners <> given_owners then
    for place in 1 .. cardinality(ids) loop
      continue when owners[place] is not distinct from given_owners[place];
      in_ends[place].user_id := owners[place];
    end loop;
  end if;
  is_capped := keyloft.are_limited(owners, of_platform);

  -- Before the record, as the sweeper does it: the hold is the lock between the two.
  with released as (
    delete from keyloft.holds h
     using (select e.user_id, e.id from unnest(in_ends) e where coalesce(e.was_opened, true) and keyloft.is_end(e) order by 1, 2) ended
     where h.user_id = ended.user_id and h.id = ended.id
    returning h.user_id, h.id, h.quota_ids, h.reserved_at, h.most_tokens, h.most_cost_usd
  )
  select pg_catalog.array_agg(row(user_id, id, quota_ids, reserved_at, most_tokens, most_cost_usd)::keyloft.presumed_reservations) into reservations
    from released where quota_ids is not null;

  -- Nearly always all are new, and no limit asks for more than that they are written: without a look for each, and without
  -- giving each back, it is half the work.
  if not is_capped then
    begin
      insert into public.usage_records select r.* from keyloft.records_of(in_ends) r order by r.user_id, r.id;
      get diagnostics written = row_count;
      written_ids := case when written = cardinality(ids) then ids else array(select e.id from unnest(in_ends) e where keyloft.is_end(e)) end;
    exception when unique_violation then
      written_ids := null;
    end;
  end if;
  if written_ids is null then
    with written as (
      insert into public.usage_records as u select r.* from keyloft.records_of(in_ends) r order by r.user_id, r.id
      on conflict (user_id, id, started_at) do nothing
      returning u.id, case when is_capped then keyloft.counted(u) end as counted
    )
    select coalesce(pg_catalog.array_agg(w.id), '{}'), case when is_capped then pg_catalog.array_agg(w.counted) end into written_ids, booked from written w;
  end if;
  verdicts := keyloft.verdicts_of(ids, written_ids, 'settled',
    case when cardinality(written_ids) < cardinality(ids)
      then array(select place from pg_catalog.generate_subscripts(in_ends, 1) as place where not keyloft.is_end(in_ends[place])) end);

  -- Late ends, rare enough for a look of their own. All in one statement, so that no hour is locked between two calls.
  if 'already' = any (verdicts) then
    with late as (
      select r.* from keyloft.records_of(in_ends) r join public.usage_records u on u.user_id = r.user_id and u.id = r.id and u.started_at = r.started_at
       where u.outcome = 'presumed' order by u.user_id, u.id for update of u
    ), corrected as (
      update public.usage_records u
         set ended_at = l.ended_at, outcome = l.outcome, status = l.status, first_byte_ms = l.first_byte_ms, input_tokens = l.input_tokens,
             cached_input_tokens = l.cached_input_tokens, cache_write_5m_tokens = l.cache_write_5m_tokens,
             cache_write_1h_tokens = l.cache_write_1h_tokens, audio_input_tokens = l.audio_input_tokens, output_tokens = l.output_tokens,
             reasoning_tokens = l.reasoning_tokens, audio_output_tokens = l.audio_output_tokens, images = l.images, searches = l.searches,
             usage_basis = l.usage_basis, provider_usage = l.provider_usage, provider_cost_usd = l.provider_cost_usd,
             price_id = l.price_id, settled_at = l.settled_at, cost_usd = least(u.cost_usd, l.cost_usd)
        from late l
       where u.user_id = l.user_id and u.id = l.id and u.started_at = l.started_at
      returning u.id
    )
    select pg_catalog.array_agg(id) into lowered_ids from corrected;
    if lowered_ids is not null then
      select pg_catalog.array_agg(case when verdict = 'already' and id = any (lowered_ids) then 'lowered' else verdict end order by place)
        into verdicts
        from unnest(ids, verdicts) with ordinality as g (id, verdict, place);
    end if;
  end if;

  if in_advance then
    select d.drawn, d.presumed into drawn, presumed
      from (select pg_catalog.array_agg(owners[place]) as owners, pg_catalog.array_agg(ids[place]) as ids, pg_catalog.array_agg(in_ends[place].advance_id) as advance_ids
              from (select distinct on (owners[place], ids[place]) place -- one may be told twice
                      from pg_catalog.generate_subscripts(in_ends, 1) as place where verdicts[place] = 'settled' and in_ends[place].advance_id is not null) once) g
           cross join lateral keyloft.draw_places(g.owners, g.ids, g.advance_ids) d;
  end if;

  -- Only a tier's limit can have been made meanwhile: by a call that needed it, which waits for nobody.
  if not is_capped and keyloft.are_limited(owners, of_platform) then
    is_capped := true;
    select pg_catalog.array_agg(keyloft.counted(u)) into booked
      from (select distinct owners[place] as owner, ids[place] as id, in_ends[place].started_at
              from pg_catalog.generate_subscripts(in_ends, 1) as place where verdicts[place] = 'settled') g
           join public.usage_records u on u.user_id = g.owner and u.id = g.id and u.started_at = g.started_at;
  end if;
  if is_capped then
    perform keyloft.book_quotas(owners, of_platform, booked, reservations || drawn, presumed);
    if lowered_ids is not null then
      perform keyloft.lower_quotas(owners, ids, (select pg_catalog.array_agg(e.started_at) from unnest(in_ends) e), lowered_ids);
    end if;
  end if;
  return verdicts;
end
$$;

ALTER FUNCTION keyloft.settle_calls(in_ends keyloft.call_end[]) OWNER TO keyloft_definer;

-- Name: FUNCTION settle_calls(in_ends keyloft.call_end[]); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.settle_calls(in_ends keyloft.call_end[]) IS 'Writes down calls that have ended, each once, with their cost. A verdict for each row; a bad one fails no other.';

-- Name: signal_change(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.signal_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  perform pg_catalog.pg_notify('keyloft', tg_argv[0] || ' ' || coalesce(pg_catalog.to_jsonb(case when tg_op = 'INSERT' then new else old end) ->> tg_argv[1], ''));
  return null;
end
$$;

ALTER FUNCTION keyloft.signal_change() OWNER TO keyloft_owner;

-- Name: FUNCTION signal_change(); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.signal_change() IS 'Trigger, after a row: signals its topic (first argument) and the value of a column (second).';

-- Name: signal_person(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.signal_person() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  if coalesce(old.user_id, new.user_id) is null then
    perform pg_catalog.pg_notify('keyloft', 'tiers platform'); -- what is nobody's is everybody's
  end if;
  perform pg_catalog.pg_notify('keyloft', tg_argv[0] || ' ' || it)
     from (select distinct pg_catalog.unnest(array[old.user_id, new.user_id]) as it) people where it is not null;
  return null;
end
$$;

ALTER FUNCTION keyloft.signal_person() OWNER TO keyloft_owner;

-- Name: FUNCTION signal_person(); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.signal_person() IS 'Trigger, after a row: signals its topic (the argument) and whose it is.';

-- Name: signing_keys(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.signing_keys() RETURNS TABLE(id uuid, public_key text, private_key text, alg text, crv text, created_at timestamp with time zone, expires_at timestamp with time zone, secret jsonb)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select k.id, k.public_key, k.private_key, k.alg, k.crv, k.created_at, k.expires_at, pg_catalog.to_jsonb(s)
    from auth.jwks k left join keyloft.secrets s on s.user_id is null and s.id::text = k.private_key
   order by k.created_at desc limit 100
$$;

ALTER FUNCTION keyloft.signing_keys() OWNER TO keyloft_definer;

-- Name: FUNCTION signing_keys(); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.signing_keys() IS 'The keys that sign our own tokens, newest first, with their sealed private halves.';

-- Name: slow_queries(integer); Type: FUNCTION; Schema: keyloft; Owner: keyloft_observer

CREATE FUNCTION keyloft.slow_queries(in_limit integer) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $_$
declare
  home name;
  found jsonb;
begin
  perform keyloft.require_admin();
  select n.nspname into home
    from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_stat_statements';
  if home is null then
    return '{"state": "not installed", "queries": []}';
  elsif not pg_catalog.pg_has_role('pg_read_all_stats', 'usage') then
    return '{"state": "not readable", "queries": []}';
  end if;
  -- Only what our logins sent, and no statement whose words could hold a value: of a select or a change the extension keeps
  -- the text with every constant taken out, of others it does not.
  execute pg_catalog.format($query$
    select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
             'query', pg_catalog.left(pg_catalog.regexp_replace(q.query, '\s+', ' ', 'g'), 600), 'calls', q.calls, 'rows', q.rows,
             'totalMs', pg_catalog.round(q.total_exec_time::numeric, 1), 'meanMs', pg_catalog.round(q.mean_exec_time::numeric, 3)) order by q.total_exec_time desc), '[]')
      from (select s.* from %I.pg_stat_statements s
             where s.dbid = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
               and s.userid in (select r.oid from pg_catalog.pg_roles r
                                 where r.rolname in ('anon', 'authenticated', 'service_role', 'keyloft_user', 'keyloft_service', 'keyloft_auth'))
               and s.query ~* '^\s*(select|insert|update|delete|merge|with)\M'
             order by s.total_exec_time desc limit $1) q$query$, home)
    into found using in_limit;
  return pg_catalog.jsonb_build_object('state', 'ok', 'queries', found);
exception
  when object_not_in_prerequisite_state then
    return '{"state": "not loaded", "queries": []}';
end
$_$;

ALTER FUNCTION keyloft.slow_queries(in_limit integer) OWNER TO keyloft_observer;

-- Name: FUNCTION slow_queries(in_limit integer); Type: COMMENT; Schema: keyloft; Owner: keyloft_observer

COMMENT ON FUNCTION keyloft.slow_queries(in_limit integer) IS 'What took most of the server''s time, where pg_stat_statements is there to say so.';

-- Name: standing_of(uuid); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.standing_of(in_user_id uuid) RETURNS TABLE(is_closed boolean, tier text, is_admin boolean, disabled_at timestamp with time zone, disabled_reason text, deactivated_at timestamp with time zone, erase_after timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select s.disabled_at is not null or s.deactivated_at is not null, s.tier, s.is_admin, s.disabled_at, s.disabled_reason, s.deactivated_at, s.erase_after
    from public.user_standing s where s.user_id = in_user_id
$$;

ALTER FUNCTION keyloft.standing_of(in_user_id uuid) OWNER TO keyloft_definer;

-- Name: FUNCTION standing_of(in_user_id uuid); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.standing_of(in_user_id uuid) IS 'At most one row. Asked with every credential: whose account is closed is refused.';

-- Name: sum_up_quotas(public.user_quota_limits[], uuid[], keyloft.counted_call[], keyloft.presumed_reservations[]); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.sum_up_quotas(in_quotas public.user_quota_limits[], in_begun uuid[], in_written keyloft.counted_call[], in_reservations keyloft.presumed_reservations[]) RETURNS SETOF keyloft.quota_change
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    SET enable_hashjoin TO 'on'
    SET enable_nestloop TO 'off'
    SET jit TO 'off'
    AS $$
begin
  return query
    with written as materialized (select * from unnest(in_written)),
         reserved as materialized (select * from unnest(in_reservations)),
         quotas as materialized (
           select q as quota, q.id, q.is_active, q.type, q.last_reset, q.user_id as of_user from unnest(in_quotas) q where q.user_id is not null
           union all -- and not as an outer join, which would look at all people for each quota
           select q, q.id, q.is_active, q.type, q.last_reset, everybody.user_id
             from unnest(in_quotas) q cross join (select distinct w.user_id from written w) everybody where q.user_id is null
         )
    select c.quota_id, pg_catalog.sum(c.freed_requests)::bigint, pg_catalog.sum(c.freed_tokens)::bigint, pg_catalog.sum(c.freed_cost),
           pg_catalog.sum(c.used_requests)::bigint, pg_catalog.sum(c.used_tokens)::bigint, pg_catalog.sum(c.used_cost)
      from (
        select q.id as quota_id, 1 as freed_requests, coalesce(r.most_tokens, 0) as freed_tokens, coalesce(r.most_cost_usd, 0) as freed_cost,
               case when w.id is null or w.usage_basis = 'none' then 0 else 1 end as used_requests,
               case when w.id is null then 0 when w.usage_basis = 'unknown' then coalesce(r.most_tokens, 0) else w.tokens end as used_tokens,
               case when w.id is null then 0 else coalesce(w.cost_usd, r.most_cost_usd, 0) end as used_cost
          from reserved r
               cross join unnest(r.quota_ids) as of_quota
               join unnest(in_quotas) q on q.id = of_quota and q.last_reset <= r.reserved_at
               left join written w on w.user_id = r.user_id and w.id = r.id
        union all
        -- Written down without an intent, or since before the limit was set.
        select q.id, 0, 0, 0, case w.usage_basis when 'none' then 0 else 1 end, w.tokens, coalesce(w.cost_usd, 0)
          from written w
               join quotas q on q.of_user = w.user_id
         where q.is_active and w.started_at >= keyloft.window_begins(q.type, q.last_reset) and (q.id = any (in_begun)) is not true
           and keyloft.quota_counts(q.quota, w.provider, w.model, w.credential_source, w.key_id)
           and not exists (select from reserved r where r.user_id = w.user_id and r.id = w.id and q.id = any (r.quota_ids))
      ) c
     group by c.quota_id;
end
$$;

ALTER FUNCTION keyloft.sum_up_quotas(in_quotas public.user_quota_limits[], in_begun uuid[], in_written keyloft.counted_call[], in_reservations keyloft.presumed_reservations[]) OWNER TO keyloft_owner;

-- Name: FUNCTION sum_up_quotas(in_quotas public.user_quota_limits[], in_begun uuid[], in_written keyloft.counted_call[], in_reservations keyloft.presumed_reservations[]); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.sum_up_quotas(in_quotas public.user_quota_limits[], in_begun uuid[], in_written keyloft.counted_call[], in_reservations keyloft.presumed_reservations[]) IS 'What calls that were written, and reservations that end, change in these quotas. Those that begin with the calls have them already.';

-- Name: sweep_calls(integer); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.sweep_calls(in_limit integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  swept integer;
  owners uuid[];
  of_platform boolean;
  calls keyloft.presumed_reservations[];
  booked keyloft.counted_call[];
  advances keyloft.advances[];
  places keyloft.presumed_reservations[];
  drawn_from uuid[];
  drawing_owners uuid[];
  drawing_ids uuid[];
  drawn keyloft.presumed_reservations[];
  presumed keyloft.presumed_reservations[];
begin
  perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('keyloft: limits set', 0));
  perform keyloft.present_owners('{}');
  with expired as (
    select user_id, id from keyloft.holds
     where lease_until < pg_catalog.clock_timestamp() order by lease_until limit in_limit for update skip locked
  ), released as (
    delete from keyloft.holds h using expired e where h.user_id = e.user_id and h.id = e.id returning h.*
  ), written as (
    -- One that was settled while its opening was still on the way has its record already.
    insert into public.usage_records as u (
      user_id, id, started_at, request_id, operation, provider, model, credential_source, key_id, token_id, decisions, outcome, usage_basis, cost_usd)
    select r.user_id, r.id, r.started_at, r.request_id, r.operation, r.provider, r.model, r.credential_source, r.key_id, r.token_id, r.decisions, 'presumed', 'unknown',
           coalesce(r.most_cost_usd, (select a.most_cost_usd from keyloft.advances a where a.id = r.advance_id))
      from released r order by r.user_id, r.id
    on conflict (user_id, id, started_at) do nothing
    returning u.id, keyloft.counted(u) as counted
  )
  select pg_catalog.count(*), pg_catalog.array_agg(r.user_id), pg_catalog.bool_or(r.credential_source in ('server-key', 'team-gateway')),
         pg_catalog.array_agg(row(r.user_id, r.id, r.quota_ids, r.reserved_at, r.most_tokens, r.most_cost_usd)::keyloft.presumed_reservations) filter (where r.quota_ids is not null),
         pg_catalog.array_agg(w.counted) filter (where w.id is not null),
         pg_catalog.array_agg(r.advance_id) filter (where w.id is not null and r.advance_id is not null),
         pg_catalog.array_agg(r.user_id) filter (where w.id is not null and r.advance_id is not null), pg_catalog.array_agg(r.id) filter (where w.id is not null and r.advance_id is not null)
    into swept, owners, of_platform, calls, booked, drawn_from, drawing_owners, drawing_ids
    from released r left join written w on w.id = r.id;
  -- What else its process had reserved in advance: whether it came to a call, nobody can tell.
  select d.drawn, d.presumed into drawn, presumed from keyloft.draw_places(drawing_owners, drawing_ids, drawn_from) d;
  delete from keyloft.advances where id = any (array(
    select a.id from keyloft.advances a where a.presumed_at is not null and a.reserved_at < pg_catalog.date_trunc('month', pg_catalog.now(), 'UTC') for update skip locked));
  advances := array(select a from keyloft.advances a where a.presumed_at is null and a.lease_until < pg_catalog.clock_timestamp() limit in_limit for no key update skip locked);
  update keyloft.advances a set presumed_at = pg_catalog.clock_timestamp() where a.id = any (array(select p.id from unnest(advances) p));
  select pg_catalog.array_agg(row(a.user_id, a.id, a.quota_ids, a.reserved_at, a.most_tokens, a.most_cost_usd)::keyloft.presumed_reservations)
    into places from unnest(advances) a cross join pg_catalog.generate_series(1, a.places);
  owners := owners || array(select a.user_id from unnest(advances) a);
  of_platform := coalesce(of_platform, false) or keyloft.are_of_everybody(advances);
  -- Also what was opened before a limit was set.
  if keyloft.are_limited(owners, of_platform) then
    calls := calls || drawn;
    -- An advance counts as calls of which nobody knows what they used: all that is reserved for them.
    perform keyloft.book_quotas(
      owners, of_platform, booked || array(select row(a.user_id, a.id, null, null, null, null, null, 'unknown', null, null)::keyloft.counted_call from unnest(advances) a),
      calls || places, presumed);
    insert into keyloft.presumed_reservations select c.* from unnest(calls) c where c.id in (select b.id from unnest(booked) b);
    -- There it counts as it was written: one call, without tokens. All its quotas are locked, and none begins after this.
    insert into keyloft.presumed_reservations
    select b.user_id, b.id, pg_catalog.array_agg((l.quota).id), greatest(pg_catalog.clock_timestamp(), pg_catalog.max((l.quota).last_reset)), 0, b.cost_usd
      from unnest(booked) b
           cross join lateral (select q as quota from public.user_quota_limits q where q.user_id = b.user_id
                               union all select q from public.user_quota_limits q where q.user_id is null) l
     where (l.quota).is_active and b.started_at >= keyloft.window_begins((l.quota).type, (l.quota).last_reset)
       and keyloft.quota_counts(l.quota, b.provider, b.model, b.credential_source, b.key_id)
       and not exists (select from unnest(calls) c where c.user_id = b.user_id and c.id = b.id and (l.quota).id = any (c.quota_ids))
     group by b.user_id, b.id, b.cost_usd
    on conflict do nothing;
  end if;
  -- No window is longer than a month.
  delete from keyloft.presumed_reservations where reserved_at < pg_catalog.date_trunc('month', pg_catalog.now(), 'UTC');
  return swept;
end
$$;

ALTER FUNCTION keyloft.sweep_calls(in_limit integer) OWNER TO keyloft_definer;

-- Name: FUNCTION sweep_calls(in_limit integer); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.sweep_calls(in_limit integer) IS 'Books calls whose lease has ended as presumed, at what they may have cost at most. Says how many holds it took.';

-- Name: tiers_of(uuid[]); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.tiers_of(in_user_ids uuid[]) RETURNS TABLE(user_id uuid, tier text)
    LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER
    SET search_path TO ''
    AS $$
#variable_conflict use_column
declare
  anonymous uuid[] := keyloft.anonymous_among(in_user_ids);
begin
  return query
  select g.id, case when g.id = any (anonymous) then 'anonymous' else coalesce(s.tier, 'free') end
    from (select distinct pg_catalog.unnest(in_user_ids) as id) g left join public.user_standing s on s.user_id = g.id;
end
$$;

ALTER FUNCTION keyloft.tiers_of(in_user_ids uuid[]) OWNER TO keyloft_definer;

-- Name: FUNCTION tiers_of(in_user_ids uuid[]); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.tiers_of(in_user_ids uuid[]) IS 'The tier of each: anonymous of whoever has no account, whatever an operator decided of them before.';

-- Name: token_mark_key(); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.token_mark_key() RETURNS bytea
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select marks.key from keyloft.token_marks marks
$$;

ALTER FUNCTION keyloft.token_mark_key() OWNER TO keyloft_definer;

-- Name: FUNCTION token_mark_key(); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.token_mark_key() IS 'What the mark of an API token is made with.';

-- Name: used_before(public.user_quota_limits, timestamp with time zone); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.used_before(quota public.user_quota_limits, begins timestamp with time zone, OUT requests bigint, OUT tokens bigint, OUT cost numeric) RETURNS record
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select coalesce(pg_catalog.sum(used.requests), 0)::bigint, coalesce(pg_catalog.sum(used.tokens), 0)::bigint, coalesce(pg_catalog.sum(used.cost), 0)
    from (
      select h.requests, h.input_tokens + h.output_tokens as tokens, h.cost_usd as cost
        from public.usage_hourly h
       where (quota).key_id is null and h.user_id = (quota).user_id and h.hour >= begins
         and keyloft.quota_counts(quota, h.provider, h.model, h.credential_source, null)
      union all
      select h.requests, h.input_tokens + h.output_tokens, h.cost_usd
        from public.usage_hourly h
       where (quota).user_id is null and h.hour >= begins and keyloft.quota_counts(quota, h.provider, h.model, h.credential_source, null)
      union all
      select case u.usage_basis when 'none' then 0 else 1 end, u.input_tokens + u.output_tokens, u.cost_usd
        from public.usage_records u
       where (quota).key_id is not null and u.key_id = (quota).key_id and u.user_id = (quota).user_id
         and u.started_at >= begins and u.started_at < begins + interval '32 days'
         -- Ids begin with the time of the call, or of its request a while before: enough for the key, which started_at then sifts.
         and u.id >= pg_catalog.rpad(pg_catalog.lpad(pg_catalog.to_hex((extract(epoch from begins - interval '1 day') * 1000)::bigint), 12, '0'), 32, '0')::uuid
         and keyloft.quota_counts(quota, u.provider, u.model, u.credential_source, u.key_id)
    ) used
$$;

ALTER FUNCTION keyloft.used_before(quota public.user_quota_limits, begins timestamp with time zone, OUT requests bigint, OUT tokens bigint, OUT cost numeric) OWNER TO keyloft_owner;

-- Name: FUNCTION used_before(quota public.user_quota_limits, begins timestamp with time zone, OUT requests bigint, OUT tokens bigint, OUT cost numeric); Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON FUNCTION keyloft.used_before(quota public.user_quota_limits, begins timestamp with time zone, OUT requests bigint, OUT tokens bigint, OUT cost numeric) IS 'What was used in a window before its quota was set.';

-- Name: uses_of_keys(uuid, uuid[], timestamp with time zone); Type: FUNCTION; Schema: keyloft; Owner: keyloft_definer

CREATE FUNCTION keyloft.uses_of_keys(in_user_id uuid, in_key_ids uuid[], in_now timestamp with time zone) RETURNS TABLE(key_id uuid, today bigint, this_month bigint)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  with counted as (
    -- A window that has ended begins anew with the next call: until then nothing of it is used.
    select q.key_id, coalesce(pg_catalog.sum(q.used_requests + q.reserved_requests) filter (where q.type = 'daily' and q.reset_at > in_now), 0)::bigint as today,
           coalesce(pg_catalog.sum(q.used_requests + q.reserved_requests) filter (where q.type = 'monthly' and q.reset_at > in_now), 0)::bigint as this_month
      from public.user_quota_limits q
     where q.user_id = in_user_id and q.key_id = any (in_key_ids)
     group by q.key_id having pg_catalog.bool_and(q.reset_at is not null and coalesce(q.last_reset <= in_now, false))
  ), uncounted as (
    select array(select pg_catalog.unnest(in_key_ids) except select c.key_id from counted c) as key_ids
  ), months as (
    select pg_catalog.date_trunc('day', in_now, 'UTC') as day_begins, pg_catalog.date_trunc('month', in_now, 'UTC') as month_begins
  ), bounds as (
    select m.*, (pg_catalog.rpad(pg_catalog.lpad(pg_catalog.to_hex(
             (extract(epoch from month_begins - interval '1 day') * 1000)::bigint), 12, '0'), 32, '0'))::uuid as first_id
      from months m
  ), calls as (
    select u.key_id, u.started_at
      from bounds b join public.usage_records u
        on u.user_id = in_user_id and u.id >= b.first_id and u.started_at >= b.month_begins and u.key_id = any ((select key_ids from uncounted)::uuid[])
     where (select pg_catalog.cardinality(key_ids) > 0 from uncounted)
    union all
    select h.key_id, h.started_at
      from bounds b join keyloft.holds h on h.user_id = in_user_id and h.started_at >= b.month_begins and h.key_id = any ((select key_ids from uncounted)::uuid[])
     where (select pg_catalog.cardinality(key_ids) > 0 from uncounted)
  )
  select c.key_id, pg_catalog.count(*) filter (where c.started_at >= b.day_begins), pg_catalog.count(*)
    from calls c, bounds b group by c.key_id
  union all
  select c.key_id, c.today, c.this_month from counted c
$$;

ALTER FUNCTION keyloft.uses_of_keys(in_user_id uuid, in_key_ids uuid[], in_now timestamp with time zone) OWNER TO keyloft_definer;

-- Name: FUNCTION uses_of_keys(in_user_id uuid, in_key_ids uuid[], in_now timestamp with time zone); Type: COMMENT; Schema: keyloft; Owner: keyloft_definer

COMMENT ON FUNCTION keyloft.uses_of_keys(in_user_id uuid, in_key_ids uuid[], in_now timestamp with time zone) IS 'How often keys of a person were used on this day and in this month (UTC), calls under way included.';

-- Name: verdicts_of(uuid[], uuid[], text, bigint[]); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.verdicts_of(in_ids uuid[], written_ids uuid[], written text, invalid bigint[]) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
declare
  verdicts text[];
begin
  if cardinality(written_ids) = cardinality(in_ids) then
    return pg_catalog.array_fill(written, array[cardinality(in_ids)]);
  end if;
  select pg_catalog.array_agg(case when place = any (invalid) then 'invalid' when id in (select pg_catalog.unnest(written_ids)) then written else 'already' end order by place)
    into verdicts
    from unnest(in_ids) with ordinality as g (id, place);
  return verdicts;
end
$$;

ALTER FUNCTION keyloft.verdicts_of(in_ids uuid[], written_ids uuid[], written text, invalid bigint[]) OWNER TO keyloft_owner;

-- Name: window_begins(text, timestamp with time zone); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.window_begins(quota_type text, at timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    RETURN date_trunc(CASE quota_type WHEN 'monthly'::text THEN 'month'::text ELSE 'day'::text END, at, 'UTC'::text);

ALTER FUNCTION keyloft.window_begins(quota_type text, at timestamp with time zone) OWNER TO keyloft_owner;

-- Name: window_ends(text, timestamp with time zone); Type: FUNCTION; Schema: keyloft; Owner: keyloft_owner

CREATE FUNCTION keyloft.window_ends(quota_type text, at timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    RETURN ((date_trunc(CASE quota_type WHEN 'monthly'::text THEN 'month'::text ELSE 'day'::text END, (at AT TIME ZONE 'UTC'::text)) + CASE quota_type WHEN 'monthly'::text THEN '1 mon'::interval ELSE '1 day'::interval END) AT TIME ZONE 'UTC'::text);

ALTER FUNCTION keyloft.window_ends(quota_type text, at timestamp with time zone) OWNER TO keyloft_owner;

-- Name: create_queue(text, jsonb); Type: FUNCTION; Schema: pgboss; Owner: keyloft_owner

CREATE FUNCTION pgboss.create_queue(queue_name text, options jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $_$
    DECLARE
      tablename varchar := CASE WHEN options->>'partition' = 'true'
                            THEN 'j' || encode(sha224(queue_name::bytea), 'hex')
                            ELSE 'job_common'
                            END;
      queue_created_on timestamptz;
    BEGIN

      WITH q as (
        INSERT INTO pgboss.queue (
          name,
          policy,
          retry_limit,
          retry_delay,
          retry_backoff,
          retry_delay_max,
          expire_seconds,
          retention_seconds,
          deletion_seconds,
          warning_queued,
          dead_letter,
          partition,
          table_name,
          heartbeat_seconds,
          notify,
          created_on,
          updated_on
        )
        VALUES (
          queue_name,
          options->>'policy',
          COALESCE((options->>'retryLimit')::int, 2),
          COALESCE((options->>'retryDelay')::int, 0),
          COALESCE((options->>'retryBackoff')::bool, false),
          (options->>'retryDelayMax')::int,
          COALESCE((options->>'expireInSeconds')::int, 900),
          COALESCE((options->>'retentionSeconds')::int, 1209600),
          COALESCE((options->>'deleteAfterSeconds')::int, 604800),
          COALESCE((options->>'warningQueueSize')::int, 0),
          options->>'deadLetter',
          COALESCE((options->>'partition')::bool, false),
          tablename,
          (options->>'heartbeatSeconds')::int,
          COALESCE((options->>'notify')::bool, false),
          pgboss.job_now(),
          pgboss.job_now()
        )
        ON CONFLICT DO NOTHING
        RETURNING created_on
      )
      SELECT created_on into queue_created_on from q;

      IF queue_created_on IS NULL OR options->>'partition' IS DISTINCT FROM 'true' THEN
        RETURN;
      END IF;

      EXECUTE format('CREATE TABLE pgboss.%I (LIKE pgboss.job INCLUDING DEFAULTS)', tablename);

      EXECUTE pgboss.job_table_format($cmd$ALTER TABLE pgboss.job ADD PRIMARY KEY (name, id)$cmd$, tablename);
      EXECUTE pgboss.job_table_format($cmd$ALTER TABLE pgboss.job ADD CONSTRAINT q_fkey FOREIGN KEY (name) REFERENCES pgboss.queue (name) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED$cmd$, tablename);
      EXECUTE pgboss.job_table_format($cmd$ALTER TABLE pgboss.job ADD CONSTRAINT dlq_fkey FOREIGN KEY (dead_letter) REFERENCES pgboss.queue (name) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED$cmd$, tablename);

      EXECUTE pgboss.job_table_format($cmd$CREATE INDEX job_i11 ON pgboss.job (name, priority DESC, created_on, start_after) WHERE state < 'active' AND NOT blocked$cmd$, tablename);
      EXECUTE pgboss.job_table_format($cmd$CREATE UNIQUE INDEX job_i4 ON pgboss.job (name, singleton_on, COALESCE(singleton_key, '')) WHERE state <> 'cancelled' AND singleton_on IS NOT NULL$cmd$, tablename);
      EXECUTE pgboss.job_table_format($cmd$CREATE INDEX job_i7 ON pgboss.job (name, group_id) WHERE state = 'active' AND group_id IS NOT NULL$cmd$, tablename);
      EXECUTE pgboss.job_table_format($cmd$CREATE INDEX job_i9 ON pgboss.job (name, id) WHERE blocking AND state = 'completed'$cmd$, tablename);
      EXECUTE pgboss.job_table_format($cmd$CREATE INDEX job_i12 ON pgboss.job (source_root_id) WHERE source_root_id IS NOT NULL$cmd$, tablename);

      IF options->>'policy' = 'short' THEN
        EXECUTE pgboss.job_table_format($cmd$CREATE UNIQUE INDEX job_i1 ON pgboss.job (name, COALESCE(singleton_key, '')) WHERE state = 'created' AND policy = 'short'$cmd$, tablename);
      ELSIF options->>'policy' = 'singleton' THEN
        EXECUTE pgboss.job_table_format($cmd$CREATE UNIQUE INDEX job_i2 ON pgboss.job (name, COALESCE(singleton_key, '')) WHERE state = 'active' AND policy = 'singleton'$cmd$, tablename);
      ELSIF options->>'policy' = 'stately' THEN
        EXECUTE pgboss.job_table_format($cmd$CREATE UNIQUE INDEX job_i3 ON pgboss.job (name, state, COALESCE(singleton_key, '')) WHERE state <= 'active' AND policy = 'stately'$cmd$, tablename);
      ELSIF options->>'policy' = 'exclusive' THEN
        EXECUTE pgboss.job_table_format($cmd$CREATE UNIQUE INDEX job_i6 ON pgboss.job (name, COALESCE(singleton_key, '')) WHERE state <= 'active' AND policy = 'exclusive'$cmd$, tablename);
      ELSIF options->>'policy' = 'key_strict_fifo' THEN
        EXECUTE pgboss.job_table_format($cmd$CREATE UNIQUE INDEX job_i8 ON pgboss.job (name, singleton_key) WHERE state IN ('active', 'retry', 'failed') AND policy = 'key_strict_fifo'$cmd$, tablename);
        EXECUTE pgboss.job_table_format($cmd$CREATE INDEX job_i10 ON pgboss.job (name, singleton_key, state DESC, created_on, id) INCLUDE (start_after) WHERE state < 'active' AND NOT blocked AND policy = 'key_strict_fifo'$cmd$, tablename);
        EXECUTE pgboss.job_table_format($cmd$ALTER TABLE pgboss.job ADD CONSTRAINT job_key_strict_fifo_singleton_key_check CHECK (NOT (policy = 'key_strict_fifo' AND singleton_key IS NULL))$cmd$, tablename);
      END IF;

      EXECUTE format('ALTER TABLE pgboss.%I ADD CONSTRAINT cjc CHECK (name=%L)', tablename, queue_name);
      EXECUTE format('ALTER TABLE pgboss.job ATTACH PARTITION pgboss.%I FOR VALUES IN (%L)', tablename, queue_name);
    END;
    $_$;

ALTER FUNCTION pgboss.create_queue(queue_name text, options jsonb) OWNER TO keyloft_owner;

-- Name: delete_queue(text); Type: FUNCTION; Schema: pgboss; Owner: keyloft_owner

CREATE FUNCTION pgboss.delete_queue(queue_name text) RETURNS void
    LANGUAGE plpgsql
    AS $$
    DECLARE
      v_table varchar;
      v_partition bool;
    BEGIN

      SELECT table_name, partition
      FROM pgboss.queue
      WHERE name = queue_name
      INTO v_table, v_partition;

      IF v_partition THEN
        EXECUTE format('DROP TABLE IF EXISTS pgboss.%I', v_table);
      ELSE
        EXECUTE format('DELETE FROM pgboss.%I WHERE name = %L', v_table, queue_name);
      END IF;

      DELETE FROM pgboss.queue WHERE name = queue_name;
    END;
    $$;

ALTER FUNCTION pgboss.delete_queue(queue_name text) OWNER TO keyloft_owner;

-- Name: job_now(); Type: FUNCTION; Schema: pgboss; Owner: keyloft_owner

CREATE FUNCTION pgboss.job_now() RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    AS $$
      SELECT pg_catalog.now();
    $$;

ALTER FUNCTION pgboss.job_now() OWNER TO keyloft_owner;

-- Name: job_table_format(text, text); Type: FUNCTION; Schema: pgboss; Owner: keyloft_owner

CREATE FUNCTION pgboss.job_table_format(command text, table_name text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $_$
      SELECT format(
        regexp_replace(
          regexp_replace(command, '\.job\y', '.%1$I', 'g'),
          '\yjob_i(\d+)', '%1$s_i\1', 'g'
        ),
        table_name
      );
    $_$;

ALTER FUNCTION pgboss.job_table_format(command text, table_name text) OWNER TO keyloft_owner;

-- Name: job_table_run(text, text, text); Type: FUNCTION; Schema: pgboss; Owner: keyloft_owner

CREATE FUNCTION pgboss.job_table_run(command text, tbl_name text DEFAULT NULL::text, queue_name text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    AS $$
    DECLARE
      tbl RECORD;
    BEGIN
      IF queue_name IS NOT NULL THEN
        SELECT table_name INTO tbl_name FROM pgboss.queue WHERE name = queue_name;
      END IF;

      IF tbl_name IS NOT NULL THEN
        EXECUTE pgboss.job_table_format(command, tbl_name);
        RETURN;
      END IF;

      EXECUTE pgboss.job_table_format(command, 'job_common');

      FOR tbl IN SELECT table_name FROM pgboss.queue WHERE partition = true
      LOOP
        EXECUTE pgboss.job_table_format(command, tbl.table_name);
      END LOOP;
    END;
    $$;

ALTER FUNCTION pgboss.job_table_run(command text, tbl_name text, queue_name text) OWNER TO keyloft_owner;

-- Name: job_table_run_async(text, integer, text, text, text); Type: FUNCTION; Schema: pgboss; Owner: keyloft_owner

CREATE FUNCTION pgboss.job_table_run_async(command_name text, version integer, command text, tbl_name text DEFAULT NULL::text, queue_name text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    AS $$
    BEGIN
      IF queue_name IS NOT NULL THEN
        SELECT table_name INTO tbl_name FROM pgboss.queue WHERE name = queue_name;
      END IF;

      IF tbl_name IS NOT NULL THEN
        INSERT INTO pgboss.bam (name, version, status, queue, table_name, command)
        VALUES (
          command_name,
          version,
          'pending',
          queue_name,
          tbl_name,
          pgboss.job_table_format(command, tbl_name)
        );
        RETURN;
      END IF;

      INSERT INTO pgboss.bam (name, version, status, queue, table_name, command)
      SELECT
        command_name,
        version,
        'pending',
        NULL,
        'job_common',
        pgboss.job_table_format(command, 'job_common')
      UNION ALL
      SELECT
        command_name,
        version,
        'pending',
        queue.name,
        queue.table_name,
        pgboss.job_table_format(command, queue.table_name)
      FROM pgboss.queue
      WHERE partition = true;
    END;
    $$;

ALTER FUNCTION pgboss.job_table_run_async(command_name text, version integer, command text, tbl_name text, queue_name text) OWNER TO keyloft_owner;

-- Name: check_byok_vault_health(); Type: FUNCTION; Schema: public; Owner: keyloft_definer

CREATE FUNCTION public.check_byok_vault_health() RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  probe uuid := pg_catalog.gen_random_uuid();
  found_one boolean;
begin
  perform keyloft.require_service_role();
  perform keyloft.put_secret(
    in_id => probe, in_user_id => null, in_kind => 'health probe', in_provider => '', in_host => '', in_version => 1,
    in_sealed => pg_catalog.concat_ws('.', 'kl1', probe, 1, pg_catalog.repeat('A', 38)));
  select exists (select from keyloft.find_secret(in_user_id => null, in_id => probe)) into found_one;
  perform keyloft.forget_secret(in_user_id => null, in_id => probe);
  return found_one;
end
$$;

ALTER FUNCTION public.check_byok_vault_health() OWNER TO keyloft_definer;

-- Name: FUNCTION check_byok_vault_health(); Type: COMMENT; Schema: public; Owner: keyloft_definer

COMMENT ON FUNCTION public.check_byok_vault_health() IS 'Writes, reads back and deletes a probe. Whether sealing works, the server''s function of this name checks as well.';

-- Name: delete_user_api_key(uuid, text); Type: FUNCTION; Schema: public; Owner: keyloft_definer

CREATE FUNCTION public.delete_user_api_key(p_user_id uuid, p_service text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform keyloft.require_service_role();
  delete from public.api_keys where user_id = p_user_id and service = pg_catalog.lower(pg_catalog.btrim(p_service));
end
$$;

ALTER FUNCTION public.delete_user_api_key(p_user_id uuid, p_service text) OWNER TO keyloft_definer;

-- Name: FUNCTION delete_user_api_key(p_user_id uuid, p_service text); Type: COMMENT; Schema: public; Owner: keyloft_definer

COMMENT ON FUNCTION public.delete_user_api_key(p_user_id uuid, p_service text) IS 'Deletes every key a person has of a provider: after it none is found, named ones included.';

-- Name: delete_user_gateway_config(uuid); Type: FUNCTION; Schema: public; Owner: keyloft_definer

CREATE FUNCTION public.delete_user_gateway_config(p_user_id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform keyloft.require_service_role();
  delete from public.api_gateway_configs where user_id = p_user_id;
end
$$;

ALTER FUNCTION public.delete_user_gateway_config(p_user_id uuid) OWNER TO keyloft_definer;

-- Name: FUNCTION delete_user_gateway_config(p_user_id uuid); Type: COMMENT; Schema: public; Owner: keyloft_definer

COMMENT ON FUNCTION public.delete_user_gateway_config(p_user_id uuid) IS 'Forgets where a person''s gateway is.';

-- Name: get_user_allow_gateway_fallback(uuid); Type: FUNCTION; Schema: public; Owner: keyloft_definer

CREATE FUNCTION public.get_user_allow_gateway_fallback(p_user_id uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform keyloft.require_service_role();
  return coalesce((select allow_gateway_fallback from public.user_settings where user_id = p_user_id), true);
end
$$;

ALTER FUNCTION public.get_user_allow_gateway_fallback(p_user_id uuid) OWNER TO keyloft_definer;

-- Name: FUNCTION get_user_allow_gateway_fallback(p_user_id uuid); Type: COMMENT; Schema: public; Owner: keyloft_definer

COMMENT ON FUNCTION public.get_user_allow_gateway_fallback(p_user_id uuid) IS 'Whether the team''s gateway may serve this person; yes unless they said no.';

-- Name: get_user_api_key(uuid, text); Type: FUNCTION; Schema: public; Owner: keyloft_definer

CREATE FUNCTION public.get_user_api_key(p_user_id uuid, p_service text) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform keyloft.require_service_role();
  return (
    select s.sealed
      from public.api_keys k join keyloft.secrets s on s.id = k.secret_id and s.user_id = k.user_id
     where k.user_id = p_user_id and k.service = pg_catalog.lower(pg_catalog.btrim(p_service)) and k.is_enabled
     order by k.key_name <> '', k.priority, k.key_name
     limit 1);
end
$$;

ALTER FUNCTION public.get_user_api_key(p_user_id uuid, p_service text) OWNER TO keyloft_definer;

-- Name: FUNCTION get_user_api_key(p_user_id uuid, p_service text); Type: COMMENT; Schema: public; Owner: keyloft_definer

COMMENT ON FUNCTION public.get_user_api_key(p_user_id uuid, p_service text) IS 'A person''s key of a provider, sealed: the unnamed one, or else the first. Null when there is none.';

-- Name: get_user_gateway_base_url(uuid); Type: FUNCTION; Schema: public; Owner: keyloft_definer

CREATE FUNCTION public.get_user_gateway_base_url(p_user_id uuid) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform keyloft.require_service_role();
  return (select base_url from public.api_gateway_configs where user_id = p_user_id);
end
$$;

ALTER FUNCTION public.get_user_gateway_base_url(p_user_id uuid) OWNER TO keyloft_definer;

-- Name: FUNCTION get_user_gateway_base_url(p_user_id uuid); Type: COMMENT; Schema: public; Owner: keyloft_definer

COMMENT ON FUNCTION public.get_user_gateway_base_url(p_user_id uuid) IS 'Where a person''s gateway is; null when they named none.';

-- Name: insert_user_api_key(uuid, text, text, text, text, text); Type: FUNCTION; Schema: public; Owner: keyloft_definer

CREATE FUNCTION public.insert_user_api_key(p_user_id uuid, p_service text, p_api_key text, p_host text DEFAULT NULL::text, p_key_hint text DEFAULT ''::text, p_fingerprint text DEFAULT NULL::text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $_$
declare
  parts text[] := pg_catalog.string_to_array(p_api_key, '.');
  v_service text := pg_catalog.lower(pg_catalog.btrim(p_service));
begin
  perform keyloft.require_service_role();
  if p_api_key is null or p_api_key !~ '^kl1\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[0-9]{1,9}\.[A-Za-z0-9_-]{38,}$' then
    raise exception 'p_api_key is not sealed, and the database takes no key as it is.'
      using errcode = 'KL001', hint = 'Call POST /rest/v1/rpc/insert_user_api_key on the Keyloft server, which seals it. Take that key back: it may stand in a log.';
  end if;
  if p_host is null then
    raise exception 'p_host is missing: the host that the key was sealed for.' using errcode = 'KL002', hint = 'The Keyloft server gives it.';
  end if;
  perform keyloft.put_secret(
    in_id => parts[2]::uuid, in_user_id => p_user_id, in_kind => 'provider key', in_provider => v_service, in_host => p_host,
    in_version => parts[3]::integer, in_sealed => p_api_key);
  insert into public.api_keys as k (user_id, service, secret_id, key_hint, fingerprint)
  values (p_user_id, v_service, parts[2]::uuid, p_key_hint, p_fingerprint)
    on conflict (user_id, service, key_name) do update
       set secret_id = excluded.secret_id, key_hint = excluded.key_hint, fingerprint = excluded.fingerprint, is_enabled = true,
           is_valid = true, last_verified_at = null, validation_error = null, created_at = pg_catalog.now(), last_used = null;
  return parts[2]::uuid;
end
$_$;

ALTER FUNCTION public.insert_user_api_key(p_user_id uuid, p_service text, p_api_key text, p_host text, p_key_hint text, p_fingerprint text) OWNER TO keyloft_definer;

-- Name: FUNCTION insert_user_api_key(p_user_id uuid, p_service text, p_api_key text, p_host text, p_key_hint text, p_fingerprint text); Type: COMMENT; Schema: public; Owner: keyloft_definer

COMMENT ON FUNCTION public.insert_user_api_key(p_user_id uuid, p_service text, p_api_key text, p_host text, p_key_hint text, p_fingerprint text) IS 'Keeps a person''s sealed key of a provider, in place of the unnamed one before. Returns the secret''s id.';

-- Name: touch_user_api_key(uuid, text); Type: FUNCTION; Schema: public; Owner: keyloft_definer

CREATE FUNCTION public.touch_user_api_key(p_user_id uuid, p_service text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform keyloft.require_service_role();
  update public.api_keys set last_used = pg_catalog.now()
   where id = (select k.id from public.api_keys k
                where k.user_id = p_user_id and k.service = pg_catalog.lower(pg_catalog.btrim(p_service)) and k.is_enabled
                order by k.key_name <> '', k.priority, k.key_name limit 1);
end
$$;

ALTER FUNCTION public.touch_user_api_key(p_user_id uuid, p_service text) OWNER TO keyloft_definer;

-- Name: FUNCTION touch_user_api_key(p_user_id uuid, p_service text); Type: COMMENT; Schema: public; Owner: keyloft_definer

COMMENT ON FUNCTION public.touch_user_api_key(p_user_id uuid, p_service text) IS 'Says that the key which get_user_api_key gives was used.';

-- Name: upsert_user_gateway_config(uuid, text); Type: FUNCTION; Schema: public; Owner: keyloft_definer

CREATE FUNCTION public.upsert_user_gateway_config(p_user_id uuid, p_base_url text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform keyloft.require_service_role();
  insert into public.api_gateway_configs (user_id, base_url) values (p_user_id, p_base_url)
    on conflict (user_id) do update set base_url = excluded.base_url;
end
$$;

ALTER FUNCTION public.upsert_user_gateway_config(p_user_id uuid, p_base_url text) OWNER TO keyloft_definer;

-- Name: FUNCTION upsert_user_gateway_config(p_user_id uuid, p_base_url text); Type: COMMENT; Schema: public; Owner: keyloft_definer

COMMENT ON FUNCTION public.upsert_user_gateway_config(p_user_id uuid, p_base_url text) IS 'Says where a person''s gateway is. A key that was sealed for another host is not sent there.';

-- Name: accounts; Type: TABLE; Schema: auth; Owner: keyloft_owner

CREATE TABLE auth.accounts (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    provider_id text NOT NULL,
    account_id text NOT NULL,
    password text,
    access_token text,
    refresh_token text,
    id_token text,
    access_token_expires_at timestamp with time zone,
    refresh_token_expires_at timestamp with time zone,
    scope text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT accounts_access_token_is_reference CHECK ((access_token ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'::text)),
    CONSTRAINT accounts_id_token_is_reference CHECK ((id_token ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'::text)),
    CONSTRAINT accounts_refresh_token_is_reference CHECK ((refresh_token ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'::text))
);

ALTER TABLE ONLY auth.accounts FORCE ROW LEVEL SECURITY;

ALTER TABLE auth.accounts OWNER TO keyloft_owner;

-- Name: TABLE accounts; Type: COMMENT; Schema: auth; Owner: keyloft_owner

COMMENT ON TABLE auth.accounts IS 'A way to sign in: a password, or an identity at another provider.';

-- Name: COLUMN accounts.account_id; Type: COMMENT; Schema: auth; Owner: keyloft_owner

COMMENT ON COLUMN auth.accounts.account_id IS 'The person''s id at the provider (for a password: the user''s own id).';

-- Name: COLUMN accounts.password; Type: COMMENT; Schema: auth; Owner: keyloft_owner

COMMENT ON COLUMN auth.accounts.password IS 'A slow hash, never the password.';

-- Name: COLUMN accounts.access_token; Type: COMMENT; Schema: auth; Owner: keyloft_owner

COMMENT ON COLUMN auth.accounts.access_token IS 'The id of a secret in keyloft.secrets. So are refresh_token and id_token.';

-- Name: external_identities; Type: TABLE; Schema: auth; Owner: keyloft_owner

CREATE TABLE auth.external_identities (
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT external_identities_issuer_length CHECK (((char_length(issuer) >= 1) AND (char_length(issuer) <= 2000))),
    CONSTRAINT external_identities_subject_length CHECK (((char_length(subject) >= 1) AND (char_length(subject) <= 255)))
);

ALTER TABLE ONLY auth.external_identities FORCE ROW LEVEL SECURITY;

ALTER TABLE auth.external_identities OWNER TO keyloft_owner;

-- Name: TABLE external_identities; Type: COMMENT; Schema: auth; Owner: keyloft_owner

COMMENT ON TABLE auth.external_identities IS 'Which local user an external issuer''s subject is. Made on first sight, never changed.';

-- Name: jwks; Type: TABLE; Schema: auth; Owner: keyloft_owner

CREATE TABLE auth.jwks (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    public_key text NOT NULL,
    private_key text NOT NULL,
    alg text,
    crv text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone
);

ALTER TABLE ONLY auth.jwks FORCE ROW LEVEL SECURITY;

ALTER TABLE auth.jwks OWNER TO keyloft_owner;

-- Name: TABLE jwks; Type: COMMENT; Schema: auth; Owner: keyloft_owner

COMMENT ON TABLE auth.jwks IS 'Keys that sign our own tokens; the private half is sealed.';

-- Name: COLUMN jwks.private_key; Type: COMMENT; Schema: auth; Owner: keyloft_owner

COMMENT ON COLUMN auth.jwks.private_key IS 'The id of a secret in keyloft.secrets; in rows of before 2026-11-21, sealed text under the root key.';

-- Name: sessions; Type: TABLE; Schema: auth; Owner: keyloft_owner

CREATE TABLE auth.sessions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    token text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ip_address text,
    user_agent text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY auth.sessions FORCE ROW LEVEL SECURITY;

ALTER TABLE auth.sessions OWNER TO keyloft_owner;

-- Name: TABLE sessions; Type: COMMENT; Schema: auth; Owner: keyloft_owner

COMMENT ON TABLE auth.sessions IS 'Where a person is signed in.';

-- Name: users; Type: TABLE; Schema: auth; Owner: keyloft_owner

CREATE TABLE auth.users (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    email text NOT NULL,
    email_verified boolean DEFAULT false NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    image text,
    username text,
    display_username text,
    is_anonymous boolean DEFAULT false NOT NULL,
    last_sign_in_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT users_email_is_lower_case CHECK ((email = lower(email)))
);

ALTER TABLE ONLY auth.users FORCE ROW LEVEL SECURITY;

ALTER TABLE auth.users OWNER TO keyloft_owner;

-- Name: TABLE users; Type: COMMENT; Schema: auth; Owner: keyloft_owner

COMMENT ON TABLE auth.users IS 'One row per person, anonymous ones included.';

-- Name: COLUMN users.username; Type: COMMENT; Schema: auth; Owner: keyloft_owner

COMMENT ON COLUMN auth.users.username IS 'Normalised; names a person''s published resources. display_username keeps the spelling.';

-- Name: verifications; Type: TABLE; Schema: auth; Owner: keyloft_owner

CREATE TABLE auth.verifications (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    identifier text NOT NULL,
    value text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY auth.verifications FORCE ROW LEVEL SECURITY;

ALTER TABLE auth.verifications OWNER TO keyloft_owner;

-- Name: TABLE verifications; Type: COMMENT; Schema: auth; Owner: keyloft_owner

COMMENT ON TABLE auth.verifications IS 'Short-lived proofs: mail links, sign-in state.';

-- Name: audit_log_id_seq; Type: SEQUENCE; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE keyloft.audit_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME keyloft.audit_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: data_keys; Type: TABLE; Schema: keyloft; Owner: keyloft_owner

CREATE TABLE keyloft.data_keys (
    user_id uuid,
    version integer NOT NULL,
    wrapped text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT data_keys_version_counts CHECK ((version > 0)),
    CONSTRAINT data_keys_wrapped_is_sealed CHECK ((wrapped ~ '^kr1\.v[0-9]{1,9}\.[A-Za-z0-9_-]{40,200}$'::text))
);

ALTER TABLE ONLY keyloft.data_keys FORCE ROW LEVEL SECURITY;

ALTER TABLE keyloft.data_keys OWNER TO keyloft_owner;

-- Name: TABLE data_keys; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON TABLE keyloft.data_keys IS 'Random 256-bit keys, one or more per person, each sealed under a root key. The newest version seals.';

-- Name: COLUMN data_keys.user_id; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON COLUMN keyloft.data_keys.user_id IS 'Null: the installation''s own.';

-- Name: holds; Type: TABLE; Schema: keyloft; Owner: keyloft_owner

CREATE TABLE keyloft.holds (
    user_id uuid NOT NULL,
    id uuid NOT NULL,
    started_at timestamp with time zone NOT NULL,
    request_id text NOT NULL,
    operation text NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    credential_source text NOT NULL,
    key_id uuid,
    token_id uuid,
    decisions json NOT NULL,
    most_cost_usd numeric,
    most_tokens bigint,
    quota_ids uuid[],
    reserved_at timestamp with time zone,
    advance_id uuid,
    lease_until timestamp with time zone NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='5000', autovacuum_vacuum_insert_scale_factor='0', autovacuum_vacuum_insert_threshold='50000');

ALTER TABLE ONLY keyloft.holds FORCE ROW LEVEL SECURITY;

ALTER TABLE keyloft.holds OWNER TO keyloft_owner;

-- Name: TABLE holds; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON TABLE keyloft.holds IS 'Calls that are under way. A row whose lease has ended belonged to a process that went away. No index of leases: the table is small and read through once a minute, and every call would pay for it.';

-- Name: COLUMN holds.most_cost_usd; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON COLUMN keyloft.holds.most_cost_usd IS 'What it may cost at most, where somebody could tell; booked if nobody ever settles it.';

-- Name: COLUMN holds.quota_ids; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON COLUMN keyloft.holds.quota_ids IS 'The quotas in which it has reserved one request, most_tokens and most_cost_usd.';

-- Name: COLUMN holds.advance_id; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON COLUMN keyloft.holds.advance_id IS 'The advance in which a place is reserved for it, in place of a reservation of its own.';

-- Name: idempotent_requests; Type: TABLE; Schema: keyloft; Owner: keyloft_owner

CREATE TABLE keyloft.idempotent_requests (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    status integer,
    reply text,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT idempotent_requests_key_length CHECK (((char_length(key) >= 1) AND (char_length(key) <= 255)))
);

ALTER TABLE ONLY keyloft.idempotent_requests FORCE ROW LEVEL SECURITY;

ALTER TABLE keyloft.idempotent_requests OWNER TO keyloft_owner;

-- Name: TABLE idempotent_requests; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON TABLE keyloft.idempotent_requests IS 'What was answered under an Idempotency-Key. user_id is null for service_role.';

-- Name: COLUMN idempotent_requests.request_hash; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON COLUMN keyloft.idempotent_requests.request_hash IS 'Keyed hash of route and body; the body itself is not kept.';

-- Name: COLUMN idempotent_requests.reply; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON COLUMN keyloft.idempotent_requests.reply IS 'Null while under way, and for a reply that held a secret.';

-- Name: journal; Type: TABLE; Schema: keyloft; Owner: keyloft_owner

CREATE TABLE keyloft.journal (
    id bigint NOT NULL,
    ends text NOT NULL,
    fault text
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='2000', toast.autovacuum_vacuum_scale_factor='0', toast.autovacuum_vacuum_threshold='20000');
ALTER TABLE ONLY keyloft.journal ALTER COLUMN ends SET STORAGE EXTERNAL;

ALTER TABLE ONLY keyloft.journal FORCE ROW LEVEL SECURITY;

ALTER TABLE keyloft.journal OWNER TO keyloft_owner;

-- Name: TABLE journal; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON TABLE keyloft.journal IS 'Calls that have ended and are not in usage_records yet. Rows live for milliseconds, but for those with a fault.';

-- Name: COLUMN journal.ends; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON COLUMN keyloft.journal.ends IS 'Of type keyloft.call_end as text, with the character 30 between them: what cannot be read must not be lost.';

-- Name: COLUMN journal.fault; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON COLUMN keyloft.journal.fault IS 'Why it could not be posted. Kept until somebody has looked at it.';

-- Name: journal_id_seq; Type: SEQUENCE; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE keyloft.journal ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME keyloft.journal_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: logins; Type: TABLE; Schema: keyloft; Owner: keyloft_owner

CREATE TABLE keyloft.logins (
    role_name name NOT NULL,
    sealed_password text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT logins_password_is_sealed CHECK ((sealed_password ~~ 'kr1.%'::text)),
    CONSTRAINT logins_role_name_known CHECK ((role_name = ANY (ARRAY['keyloft_user'::name, 'keyloft_service'::name, 'keyloft_auth'::name])))
);

ALTER TABLE ONLY keyloft.logins FORCE ROW LEVEL SECURITY;

ALTER TABLE keyloft.logins OWNER TO keyloft_owner;

-- Name: TABLE logins; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON TABLE keyloft.logins IS 'Passwords of the three logins, sealed under the root key. Read by the owner alone, at start.';

-- Name: move_rules; Type: TABLE; Schema: keyloft; Owner: keyloft_owner

CREATE TABLE keyloft.move_rules (
    table_name text NOT NULL,
    rule text NOT NULL,
    column_name text,
    because text NOT NULL,
    CONSTRAINT move_rules_known CHECK ((rule = ANY (ARRAY['keep target'::text, 'rename'::text, 'ends'::text, 'stays'::text, 'special'::text]))),
    CONSTRAINT move_rules_rename_says_what CHECK (((rule = 'rename'::text) = (column_name IS NOT NULL)))
);

ALTER TABLE ONLY keyloft.move_rules FORCE ROW LEVEL SECURITY;

ALTER TABLE keyloft.move_rules OWNER TO keyloft_owner;

-- Name: TABLE move_rules; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON TABLE keyloft.move_rules IS 'What becomes of a person''s rows in a move where more is needed than the new owner in user_id. A table without a rule is moved by its user_id.';

-- Name: COLUMN move_rules.rule; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON COLUMN keyloft.move_rules.rule IS 'keep target: of two rows that exclude each other the target''s stays. rename: both stay, the moved one under another name (column_name). ends: goes with the old account. stays: is left as it is. special: keyloft.move_account does it.';

-- Name: provider_objects; Type: TABLE; Schema: keyloft; Owner: keyloft_owner

CREATE TABLE keyloft.provider_objects (
    user_id uuid NOT NULL,
    object_id text NOT NULL,
    provider text NOT NULL,
    credential_source text NOT NULL,
    key_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT provider_objects_credential_source_known CHECK ((credential_source = ANY (ARRAY['user-gateway'::text, 'user-key'::text, 'server-key'::text, 'team-gateway'::text]))),
    CONSTRAINT provider_objects_text_length CHECK ((((char_length(object_id) >= 1) AND (char_length(object_id) <= 200)) AND ((char_length(provider) >= 1) AND (char_length(provider) <= 50))))
);

ALTER TABLE ONLY keyloft.provider_objects FORCE ROW LEVEL SECURITY;

ALTER TABLE keyloft.provider_objects OWNER TO keyloft_owner;

-- Name: TABLE provider_objects; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON TABLE keyloft.provider_objects IS 'Ids that providers gave to what they keep, and with which key each was made.';

-- Name: request_counts; Type: TABLE; Schema: keyloft; Owner: keyloft_owner

CREATE TABLE keyloft.request_counts (
    bucket text NOT NULL,
    count integer NOT NULL,
    window_ends timestamp with time zone NOT NULL
);

ALTER TABLE ONLY keyloft.request_counts FORCE ROW LEVEL SECURITY;

ALTER TABLE keyloft.request_counts OWNER TO keyloft_owner;

-- Name: TABLE request_counts; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON TABLE keyloft.request_counts IS 'Rate limits. A bucket is a hash of route and person or address; its window starts anew when it has ended.';

-- Name: secrets; Type: TABLE; Schema: keyloft; Owner: keyloft_owner

CREATE TABLE keyloft.secrets (
    id uuid NOT NULL,
    user_id uuid,
    kind text NOT NULL,
    provider text DEFAULT ''::text NOT NULL,
    host text DEFAULT ''::text NOT NULL,
    version integer NOT NULL,
    sealed text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT secrets_host_form CHECK ((char_length(host) <= 300)),
    CONSTRAINT secrets_kind_form CHECK ((kind ~ '^[a-z][a-z ]{1,40}$'::text)),
    CONSTRAINT secrets_provider_form CHECK ((char_length(provider) <= 100)),
    CONSTRAINT secrets_sealed_length CHECK ((char_length(sealed) <= 100000)),
    CONSTRAINT secrets_sealed_names_its_row CHECK (((sealed ~ '^kl1\.[0-9a-f-]{36}\.[0-9]{1,9}\.[A-Za-z0-9_-]{38,}$'::text) AND (split_part(sealed, '.'::text, 2) = (id)::text) AND (split_part(sealed, '.'::text, 3) = (version)::text)))
);

ALTER TABLE ONLY keyloft.secrets FORCE ROW LEVEL SECURITY;

ALTER TABLE keyloft.secrets OWNER TO keyloft_owner;

-- Name: TABLE secrets; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON TABLE keyloft.secrets IS 'Every sealed text of every domain. Each is bound to its own id, person, kind, provider, host and data key.';

-- Name: COLUMN secrets.user_id; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON COLUMN keyloft.secrets.user_id IS 'Null: the installation''s own.';

-- Name: COLUMN secrets.kind; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON COLUMN keyloft.secrets.kind IS 'What it is: provider key, oauth token …';

-- Name: COLUMN secrets.host; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON COLUMN keyloft.secrets.host IS 'Where it may be sent. Empty for what is sent nowhere.';

-- Name: token_marks; Type: TABLE; Schema: keyloft; Owner: keyloft_owner

CREATE TABLE keyloft.token_marks (
    id boolean DEFAULT true NOT NULL,
    key bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT token_marks_has_one_row CHECK (id),
    CONSTRAINT token_marks_key_has_32_bytes CHECK ((octet_length(key) = 32))
);

ALTER TABLE ONLY keyloft.token_marks FORCE ROW LEVEL SECURITY;

ALTER TABLE keyloft.token_marks OWNER TO keyloft_owner;

-- Name: TABLE token_marks; Type: COMMENT; Schema: keyloft; Owner: keyloft_owner

COMMENT ON TABLE keyloft.token_marks IS 'The key of the mark in every API token. Changing it makes all of them invalid.';

-- Name: usage_records_default; Type: TABLE; Schema: keyloft; Owner: keyloft_owner

CREATE TABLE keyloft.usage_records_default (
    user_id uuid NOT NULL,
    id uuid NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    request_id text NOT NULL,
    operation text NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    credential_source text NOT NULL,
    key_id uuid,
    token_id uuid,
    decisions json NOT NULL,
    outcome text NOT NULL,
    status integer,
    first_byte_ms integer,
    input_tokens bigint DEFAULT 0 NOT NULL,
    cached_input_tokens bigint DEFAULT 0 NOT NULL,
    cache_write_5m_tokens bigint DEFAULT 0 NOT NULL,
    cache_write_1h_tokens bigint DEFAULT 0 NOT NULL,
    audio_input_tokens bigint DEFAULT 0 NOT NULL,
    output_tokens bigint DEFAULT 0 NOT NULL,
    reasoning_tokens bigint DEFAULT 0 NOT NULL,
    audio_output_tokens bigint DEFAULT 0 NOT NULL,
    images bigint DEFAULT 0 NOT NULL,
    searches bigint DEFAULT 0 NOT NULL,
    usage_basis text NOT NULL,
    provider_usage json,
    cost_usd numeric,
    price_id uuid,
    provider_cost_usd numeric,
    settled_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT usage_records_figures CHECK ((((cost_usd >= (0)::numeric) AND (cost_usd <= '1000000000000'::numeric)) AND ((provider_cost_usd >= (0)::numeric) AND (provider_cost_usd <= '1000000000000'::numeric)) AND ((((cached_input_tokens + cache_write_5m_tokens) + cache_write_1h_tokens) + audio_input_tokens) <= input_tokens) AND ((reasoning_tokens + audio_output_tokens) <= output_tokens)))
);

ALTER TABLE ONLY keyloft.usage_records_default FORCE ROW LEVEL SECURITY;

ALTER TABLE keyloft.usage_records_default OWNER TO keyloft_owner;

-- Name: applied; Type: TABLE; Schema: keyloft_migrations; Owner: keyloft_owner

CREATE TABLE keyloft_migrations.applied (
    name character varying(255) NOT NULL,
    "timestamp" character varying(255) NOT NULL
);

ALTER TABLE ONLY keyloft_migrations.applied FORCE ROW LEVEL SECURITY;

ALTER TABLE keyloft_migrations.applied OWNER TO keyloft_owner;

-- Name: applied_lock; Type: TABLE; Schema: keyloft_migrations; Owner: keyloft_owner

CREATE TABLE keyloft_migrations.applied_lock (
    id character varying(255) NOT NULL,
    is_locked integer DEFAULT 0 NOT NULL
);

ALTER TABLE ONLY keyloft_migrations.applied_lock FORCE ROW LEVEL SECURITY;

ALTER TABLE keyloft_migrations.applied_lock OWNER TO keyloft_owner;

-- Name: files; Type: TABLE; Schema: keyloft_migrations; Owner: keyloft_owner

CREATE TABLE keyloft_migrations.files (
    name text NOT NULL,
    sha256 text NOT NULL,
    breaking boolean NOT NULL
);

ALTER TABLE ONLY keyloft_migrations.files FORCE ROW LEVEL SECURITY;

ALTER TABLE keyloft_migrations.files OWNER TO keyloft_owner;

-- Name: TABLE files; Type: COMMENT; Schema: keyloft_migrations; Owner: keyloft_owner

COMMENT ON TABLE keyloft_migrations.files IS 'What was applied, byte for byte, and whether a server that does not know it must not run on it.';

-- Name: bam; Type: TABLE; Schema: pgboss; Owner: keyloft_owner

CREATE TABLE pgboss.bam (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    queue text,
    table_name text NOT NULL,
    command text NOT NULL,
    error text,
    created_on timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    started_on timestamp with time zone,
    completed_on timestamp with time zone
);

ALTER TABLE pgboss.bam OWNER TO keyloft_owner;

-- Name: job; Type: TABLE; Schema: pgboss; Owner: keyloft_owner

CREATE TABLE pgboss.job (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    priority integer DEFAULT 0 NOT NULL,
    data jsonb,
    state pgboss.job_state DEFAULT 'created'::pgboss.job_state NOT NULL,
    retry_limit integer DEFAULT 2 NOT NULL,
    retry_count integer DEFAULT 0 NOT NULL,
    retry_delay integer DEFAULT 0 NOT NULL,
    retry_backoff boolean DEFAULT false NOT NULL,
    retry_delay_max integer,
    expire_seconds integer DEFAULT 900 NOT NULL,
    deletion_seconds integer DEFAULT 604800 NOT NULL,
    singleton_key text,
    singleton_on timestamp without time zone,
    group_id text,
    group_tier text,
    start_after timestamp with time zone DEFAULT now() NOT NULL,
    created_on timestamp with time zone DEFAULT now() NOT NULL,
    started_on timestamp with time zone,
    completed_on timestamp with time zone,
    keep_until timestamp with time zone DEFAULT (now() + '336:00:00'::interval) NOT NULL,
    output jsonb,
    dead_letter text,
    policy text,
    heartbeat_on timestamp with time zone,
    heartbeat_seconds integer,
    blocked boolean DEFAULT false NOT NULL,
    blocking boolean DEFAULT false NOT NULL,
    pending_dependencies integer DEFAULT 0 NOT NULL,
    source_name text,
    source_id uuid,
    source_created_on timestamp with time zone,
    source_retry_count integer,
    source_output jsonb,
    source_root_id uuid
)
PARTITION BY LIST (name);

ALTER TABLE pgboss.job OWNER TO keyloft_owner;

-- Name: job_common; Type: TABLE; Schema: pgboss; Owner: keyloft_owner

CREATE TABLE pgboss.job_common (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    priority integer DEFAULT 0 NOT NULL,
    data jsonb,
    state pgboss.job_state DEFAULT 'created'::pgboss.job_state NOT NULL,
    retry_limit integer DEFAULT 2 NOT NULL,
    retry_count integer DEFAULT 0 NOT NULL,
    retry_delay integer DEFAULT 0 NOT NULL,
    retry_backoff boolean DEFAULT false NOT NULL,
    retry_delay_max integer,
    expire_seconds integer DEFAULT 900 NOT NULL,
    deletion_seconds integer DEFAULT 604800 NOT NULL,
    singleton_key text,
    singleton_on timestamp without time zone,
    group_id text,
    group_tier text,
    start_after timestamp with time zone DEFAULT now() NOT NULL,
    created_on timestamp with time zone DEFAULT now() NOT NULL,
    started_on timestamp with time zone,
    completed_on timestamp with time zone,
    keep_until timestamp with time zone DEFAULT (now() + '336:00:00'::interval) NOT NULL,
    output jsonb,
    dead_letter text,
    policy text,
    heartbeat_on timestamp with time zone,
    heartbeat_seconds integer,
    blocked boolean DEFAULT false NOT NULL,
    blocking boolean DEFAULT false NOT NULL,
    pending_dependencies integer DEFAULT 0 NOT NULL,
    source_name text,
    source_id uuid,
    source_created_on timestamp with time zone,
    source_retry_count integer,
    source_output jsonb,
    source_root_id uuid,
    CONSTRAINT job_key_strict_fifo_singleton_key_check CHECK ((NOT ((policy = 'key_strict_fifo'::text) AND (singleton_key IS NULL))))
);

ALTER TABLE pgboss.job_common OWNER TO keyloft_owner;

-- Name: job_dependency; Type: TABLE; Schema: pgboss; Owner: keyloft_owner

CREATE TABLE pgboss.job_dependency (
    child_name text NOT NULL,
    child_id uuid NOT NULL,
    parent_name text NOT NULL,
    parent_id uuid NOT NULL
);

ALTER TABLE pgboss.job_dependency OWNER TO keyloft_owner;

-- Name: queue; Type: TABLE; Schema: pgboss; Owner: keyloft_owner

CREATE TABLE pgboss.queue (
    name text NOT NULL,
    policy text NOT NULL,
    retry_limit integer NOT NULL,
    retry_delay integer NOT NULL,
    retry_backoff boolean NOT NULL,
    retry_delay_max integer,
    expire_seconds integer NOT NULL,
    retention_seconds integer NOT NULL,
    deletion_seconds integer NOT NULL,
    dead_letter text,
    partition boolean NOT NULL,
    table_name text NOT NULL,
    deferred_count integer DEFAULT 0 NOT NULL,
    queued_count integer DEFAULT 0 NOT NULL,
    ready_count integer DEFAULT 0 NOT NULL,
    warning_queued integer DEFAULT 0 NOT NULL,
    active_count integer DEFAULT 0 NOT NULL,
    failed_count integer DEFAULT 0 NOT NULL,
    total_count integer DEFAULT 0 NOT NULL,
    created_delta integer DEFAULT 0 NOT NULL,
    completed_delta integer DEFAULT 0 NOT NULL,
    failed_delta integer DEFAULT 0 NOT NULL,
    delta_on timestamp with time zone,
    delta_seconds integer,
    ready_history integer[] DEFAULT '{}'::integer[] NOT NULL,
    heartbeat_seconds integer,
    notify boolean DEFAULT false NOT NULL,
    singletons_active text[],
    monitor_claim_on timestamp with time zone,
    monitor_on timestamp with time zone,
    maintain_on timestamp with time zone,
    created_on timestamp with time zone DEFAULT now() NOT NULL,
    updated_on timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT queue_check CHECK ((dead_letter IS DISTINCT FROM name))
);

ALTER TABLE pgboss.queue OWNER TO keyloft_owner;

-- Name: queue_stats; Type: TABLE; Schema: pgboss; Owner: keyloft_owner

CREATE TABLE pgboss.queue_stats (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    deferred_count integer DEFAULT 0 NOT NULL,
    queued_count integer DEFAULT 0 NOT NULL,
    ready_count integer DEFAULT 0 NOT NULL,
    active_count integer DEFAULT 0 NOT NULL,
    failed_count integer DEFAULT 0 NOT NULL,
    total_count integer DEFAULT 0 NOT NULL,
    created_delta integer,
    completed_delta integer,
    failed_delta integer,
    delta_seconds integer,
    delta_on timestamp with time zone,
    captured_on timestamp with time zone DEFAULT now() NOT NULL
)
PARTITION BY RANGE (captured_on);

ALTER TABLE pgboss.queue_stats OWNER TO keyloft_owner;

-- Name: schedule; Type: TABLE; Schema: pgboss; Owner: keyloft_owner

CREATE TABLE pgboss.schedule (
    name text NOT NULL,
    key text DEFAULT ''::text NOT NULL,
    kind text DEFAULT 'cron'::text NOT NULL,
    cron text NOT NULL,
    timezone text DEFAULT 'UTC'::text,
    data jsonb,
    options jsonb,
    created_on timestamp with time zone DEFAULT now() NOT NULL,
    updated_on timestamp with time zone DEFAULT now() NOT NULL,
    last_job_id uuid,
    CONSTRAINT schedule_kind_check CHECK ((kind = ANY (ARRAY['cron'::text, 'rrule'::text])))
);

ALTER TABLE pgboss.schedule OWNER TO keyloft_owner;

-- Name: subscription; Type: TABLE; Schema: pgboss; Owner: keyloft_owner

CREATE TABLE pgboss.subscription (
    event text NOT NULL,
    name text NOT NULL,
    created_on timestamp with time zone DEFAULT now() NOT NULL,
    updated_on timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE pgboss.subscription OWNER TO keyloft_owner;

-- Name: version; Type: TABLE; Schema: pgboss; Owner: keyloft_owner

CREATE TABLE pgboss.version (
    version integer NOT NULL,
    cron_on timestamp with time zone,
    bam_on timestamp with time zone,
    flow_on timestamp with time zone,
    reindex_on timestamp with time zone,
    monitor_backoff_on timestamp with time zone
);

ALTER TABLE pgboss.version OWNER TO keyloft_owner;

-- Name: warning; Type: TABLE; Schema: pgboss; Owner: keyloft_owner

CREATE TABLE pgboss.warning (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    type text NOT NULL,
    message text NOT NULL,
    data jsonb,
    created_on timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE pgboss.warning OWNER TO keyloft_owner;

-- Name: ai_models; Type: TABLE; Schema: public; Owner: keyloft_owner

CREATE TABLE public.ai_models (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    display_name text NOT NULL,
    description text,
    modality text DEFAULT 'text'::text NOT NULL,
    context_length integer,
    max_tokens integer,
    vision_supported boolean DEFAULT false NOT NULL,
    web_search_supported boolean DEFAULT false NOT NULL,
    tool_calling_supported boolean DEFAULT false NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    is_curated boolean DEFAULT false NOT NULL,
    last_synced_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ai_models_description_length CHECK ((char_length(description) <= 4000)),
    CONSTRAINT ai_models_display_name_length CHECK (((char_length(display_name) >= 1) AND (char_length(display_name) <= 200))),
    CONSTRAINT ai_models_lengths_positive CHECK (((context_length > 0) AND (max_tokens > 0))),
    CONSTRAINT ai_models_modality_known CHECK ((modality = ANY (ARRAY['text'::text, 'image'::text, 'video'::text, 'audio'::text, 'embedding'::text, 'multimodal'::text]))),
    CONSTRAINT ai_models_model_length CHECK (((char_length(model) >= 1) AND (char_length(model) <= 200))),
    CONSTRAINT ai_models_provider_form CHECK ((provider ~ '^[a-z0-9][a-z0-9_-]{0,49}$'::text))
);

ALTER TABLE ONLY public.ai_models FORCE ROW LEVEL SECURITY;

ALTER TABLE public.ai_models OWNER TO keyloft_owner;

-- Name: TABLE ai_models; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON TABLE public.ai_models IS 'The catalogue: which model at which provider.';

-- Name: COLUMN ai_models.model; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.ai_models.model IS 'The name by which the provider knows it.';

-- Name: COLUMN ai_models.is_active; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.ai_models.is_active IS 'Whether it is listed. The operator''s: no import writes over it.';

-- Name: COLUMN ai_models.is_curated; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.ai_models.is_curated IS 'Recommended by the operator. Theirs: no import writes over it.';

-- Name: api_gateway_configs; Type: TABLE; Schema: public; Owner: keyloft_owner

CREATE TABLE public.api_gateway_configs (
    user_id uuid NOT NULL,
    base_url text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT api_gateway_configs_base_url_length CHECK (((char_length(base_url) >= 1) AND (char_length(base_url) <= 2048)))
);

ALTER TABLE ONLY public.api_gateway_configs FORCE ROW LEVEL SECURITY;

ALTER TABLE public.api_gateway_configs OWNER TO keyloft_owner;

-- Name: TABLE api_gateway_configs; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON TABLE public.api_gateway_configs IS 'A person''s own gateway: where calls go that are made with a key of service gateway.';

-- Name: COLUMN api_gateway_configs.base_url; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.api_gateway_configs.base_url IS 'Null: the Vercel AI Gateway.';

-- Name: api_keys; Type: TABLE; Schema: public; Owner: keyloft_owner

CREATE TABLE public.api_keys (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    service text NOT NULL,
    key_name text DEFAULT ''::text NOT NULL,
    secret_id uuid NOT NULL,
    key_hint text DEFAULT ''::text NOT NULL,
    fingerprint text,
    priority integer DEFAULT 0 NOT NULL,
    is_enabled boolean DEFAULT true NOT NULL,
    is_valid boolean DEFAULT true NOT NULL,
    last_verified_at timestamp with time zone,
    validation_error text,
    daily_limit integer,
    monthly_limit integer,
    last_used timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT api_keys_fingerprint_form CHECK ((fingerprint ~ '^[0-9a-f]{16}$'::text)),
    CONSTRAINT api_keys_key_hint_is_four CHECK ((char_length(key_hint) <= 4)),
    CONSTRAINT api_keys_key_name_length CHECK ((char_length(key_name) <= 100)),
    CONSTRAINT api_keys_limits_count CHECK (((daily_limit > 0) AND (monthly_limit > 0))),
    CONSTRAINT api_keys_service_form CHECK ((service ~ '^[a-z][a-z0-9-]{0,49}$'::text)),
    CONSTRAINT api_keys_validation_error_known CHECK ((validation_error = ANY (ARRAY['refused'::text, 'unreachable'::text, 'unexpected_answer'::text])))
);

ALTER TABLE ONLY public.api_keys FORCE ROW LEVEL SECURITY;

ALTER TABLE public.api_keys OWNER TO keyloft_owner;

-- Name: TABLE api_keys; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON TABLE public.api_keys IS 'Provider keys that people brought, several per provider where they are named. The keys themselves are never in here.';

-- Name: COLUMN api_keys.service; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.api_keys.service IS 'The provider''s id: openai, anthropic, gateway …';

-- Name: COLUMN api_keys.key_name; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.api_keys.key_name IS 'Empty for a person''s only key, or their first one.';

-- Name: COLUMN api_keys.key_hint; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.api_keys.key_hint IS 'The last four characters, for people to recognise it by; empty for a short key.';

-- Name: COLUMN api_keys.fingerprint; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.api_keys.fingerprint IS 'A keyed hash: equal for equal keys, and nothing can be learnt from it.';

-- Name: COLUMN api_keys.priority; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.api_keys.priority IS 'Lower is taken first.';

-- Name: COLUMN api_keys.is_valid; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.api_keys.is_valid IS 'False when the provider refused it at the last verification.';

-- Name: COLUMN api_keys.validation_error; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.api_keys.validation_error IS 'Why the last verification did not succeed, in our words.';

-- Name: COLUMN api_keys.daily_limit; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.api_keys.daily_limit IS 'Calls a day that its person allows it; null for no limit.';

-- Name: COLUMN api_keys.monthly_limit; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.api_keys.monthly_limit IS 'Calls a month that its person allows it; null for no limit.';

-- Name: api_tokens; Type: TABLE; Schema: public; Owner: keyloft_owner

CREATE TABLE public.api_tokens (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    name text NOT NULL,
    public_id text NOT NULL,
    secret_hash bytea NOT NULL,
    token_prefix text NOT NULL,
    scopes text[] DEFAULT '{calls,read,account}'::text[] NOT NULL,
    allowed_models text[],
    expires_at timestamp with time zone,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT api_tokens_models_bounded CHECK ((((cardinality(allowed_models) >= 1) AND (cardinality(allowed_models) <= 100)) AND (array_position(allowed_models, NULL::text) IS NULL) AND (pg_column_size(allowed_models) <= 16384))),
    CONSTRAINT api_tokens_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100))),
    CONSTRAINT api_tokens_prefix_names_it CHECK ((token_prefix = ('klt_'::text || public_id))),
    CONSTRAINT api_tokens_public_id_form CHECK ((public_id ~ '^[0-9A-Za-z]{12}$'::text)),
    CONSTRAINT api_tokens_scopes_known CHECK ((((cardinality(scopes) >= 1) AND (cardinality(scopes) <= 3)) AND (array_position(scopes, NULL::text) IS NULL) AND (scopes <@ ARRAY['calls'::text, 'read'::text, 'account'::text]))),
    CONSTRAINT api_tokens_secret_hash_is_sha256 CHECK ((octet_length(secret_hash) = 32))
);

ALTER TABLE ONLY public.api_tokens FORCE ROW LEVEL SECURITY;

ALTER TABLE public.api_tokens OWNER TO keyloft_owner;

-- Name: TABLE api_tokens; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON TABLE public.api_tokens IS 'Keys to this server that a person hands to programs. Never to be confused with provider keys.';

-- Name: COLUMN api_tokens.public_id; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.api_tokens.public_id IS 'The part of the token by which it is found. Not a secret.';

-- Name: COLUMN api_tokens.secret_hash; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.api_tokens.secret_hash IS 'SHA-256 of the whole token; the token itself is shown once and kept nowhere.';

-- Name: COLUMN api_tokens.token_prefix; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.api_tokens.token_prefix IS 'How the token begins, for people to recognise it by.';

-- Name: COLUMN api_tokens.allowed_models; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.api_tokens.allowed_models IS 'The models it may call; null is every model.';

-- Name: quota_tiers; Type: TABLE; Schema: public; Owner: keyloft_owner

CREATE TABLE public.quota_tiers (
    tier text NOT NULL,
    type text NOT NULL,
    request_limit bigint,
    token_limit bigint,
    cost_limit numeric,
    CONSTRAINT quota_tiers_bounded CHECK ((((request_limit >= 0) AND (request_limit <= '1000000000000'::bigint)) AND ((token_limit >= 0) AND (token_limit <= '1000000000000000'::bigint)) AND ((cost_limit >= (0)::numeric) AND (cost_limit <= '1000000000000'::numeric)))),
    CONSTRAINT quota_tiers_limits_something CHECK ((num_nonnulls(request_limit, token_limit, cost_limit) > 0)),
    CONSTRAINT quota_tiers_tier_form CHECK ((tier ~ '^[a-z][a-z0-9_-]{0,39}$'::text)),
    CONSTRAINT quota_tiers_type_known CHECK ((type = ANY (ARRAY['daily'::text, 'monthly'::text])))
);

ALTER TABLE ONLY public.quota_tiers FORCE ROW LEVEL SECURITY;

ALTER TABLE public.quota_tiers OWNER TO keyloft_owner;

-- Name: TABLE quota_tiers; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON TABLE public.quota_tiers IS 'What everybody of a tier may use of calls that the operator pays for. An operator''s row for one person with the same type and spend platform replaces it. A tier without a row has no limit.';

-- Name: settings; Type: TABLE; Schema: public; Owner: keyloft_owner

CREATE TABLE public.settings (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    key text NOT NULL,
    value text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT settings_key_form CHECK ((key ~ '^[A-Za-z][A-Za-z0-9_.]{0,99}$'::text)),
    CONSTRAINT settings_value_length CHECK ((char_length(value) <= 10000))
);

ALTER TABLE ONLY public.settings FORCE ROW LEVEL SECURITY;

ALTER TABLE public.settings OWNER TO keyloft_owner;

-- Name: TABLE settings; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON TABLE public.settings IS 'Overrides an operator grants one person (maxMessagesPerDay …). The person may read them, not write them.';

-- Name: usage_adjustments; Type: TABLE; Schema: public; Owner: keyloft_owner

CREATE TABLE public.usage_adjustments (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    hour timestamp with time zone NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    credential_source text NOT NULL,
    rerating_id uuid NOT NULL,
    cost_usd numeric NOT NULL,
    unpriced_requests bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT usage_adjustments_bounded CHECK (((cost_usd >= '-1000000000000000'::numeric) AND (cost_usd <= '1000000000000000'::numeric)))
);

ALTER TABLE ONLY public.usage_adjustments FORCE ROW LEVEL SECURITY;

ALTER TABLE public.usage_adjustments OWNER TO keyloft_owner;

-- Name: TABLE usage_adjustments; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON TABLE public.usage_adjustments IS 'What re-rating changed of an hour of usage_hourly. What it costs is the sum of both.';

-- Name: COLUMN usage_adjustments.rerating_id; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.usage_adjustments.rerating_id IS 'The run that wrote it; the audit log names it.';

-- Name: COLUMN usage_adjustments.cost_usd; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.usage_adjustments.cost_usd IS 'To be added, with its sign.';

-- Name: COLUMN usage_adjustments.unpriced_requests; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.usage_adjustments.unpriced_requests IS 'To be added: below zero where calls got a price that had none.';

-- Name: usage_hourly; Type: TABLE; Schema: public; Owner: keyloft_owner

CREATE TABLE public.usage_hourly (
    user_id uuid NOT NULL,
    hour timestamp with time zone NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    credential_source text NOT NULL,
    requests bigint NOT NULL,
    unpriced_requests bigint NOT NULL,
    presumed_requests bigint NOT NULL,
    input_tokens bigint NOT NULL,
    cached_input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    reasoning_tokens bigint NOT NULL,
    cost_usd numeric NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.usage_hourly FORCE ROW LEVEL SECURITY;

ALTER TABLE public.usage_hourly OWNER TO keyloft_owner;

-- Name: TABLE usage_hourly; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON TABLE public.usage_hourly IS 'usage_records summed up by the hour in which they began. A trigger keeps it, whoever writes them.';

-- Name: user_openrouter_integrations; Type: VIEW; Schema: public; Owner: keyloft_owner

CREATE VIEW public.user_openrouter_integrations WITH (security_invoker='true') AS
 SELECT DISTINCT ON (k.user_id) k.user_id,
    keyloft.sealed_api_key(k.id) AS encrypted_api_key,
    k.is_valid,
    k.last_verified_at,
    k.is_enabled,
    k.created_at,
    k.updated_at
   FROM public.api_keys k
  WHERE (k.service = 'openrouter'::text)
  ORDER BY k.user_id, k.priority, k.key_name;

ALTER TABLE public.user_openrouter_integrations OWNER TO keyloft_owner;

-- Name: VIEW user_openrouter_integrations; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON VIEW public.user_openrouter_integrations IS 'A person''s OpenRouter key, as apps that know only that provider ask for it.';

-- Name: user_profiles; Type: TABLE; Schema: public; Owner: keyloft_owner

CREATE TABLE public.user_profiles (
    user_id uuid NOT NULL,
    display_name text,
    bio text,
    avatar_url text,
    preferences jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT user_profiles_avatar_is_https CHECK (((avatar_url ~ '^https://'::text) AND (char_length(avatar_url) <= 2000))),
    CONSTRAINT user_profiles_bio_length CHECK ((char_length(bio) <= 2000)),
    CONSTRAINT user_profiles_display_name_length CHECK (((char_length(display_name) >= 1) AND (char_length(display_name) <= 200))),
    CONSTRAINT user_profiles_preferences_is_object CHECK (((jsonb_typeof(preferences) = 'object'::text) AND (pg_column_size(preferences) <= 65536)))
);

ALTER TABLE ONLY public.user_profiles FORCE ROW LEVEL SECURITY;

ALTER TABLE public.user_profiles OWNER TO keyloft_owner;

-- Name: TABLE user_profiles; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON TABLE public.user_profiles IS 'What a person shows of themselves. Theirs to write.';

-- Name: user_settings; Type: TABLE; Schema: public; Owner: keyloft_owner

CREATE TABLE public.user_settings (
    user_id uuid NOT NULL,
    allow_gateway_fallback boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    own_keys_only boolean DEFAULT false NOT NULL
);

ALTER TABLE ONLY public.user_settings FORCE ROW LEVEL SECURITY;

ALTER TABLE public.user_settings OWNER TO keyloft_owner;

-- Name: TABLE user_settings; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON TABLE public.user_settings IS 'Choices a person makes. Theirs to write.';

-- Name: COLUMN user_settings.allow_gateway_fallback; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.user_settings.allow_gateway_fallback IS 'Whether the team''s gateway may serve a call that none of the person''s keys can.';

-- Name: COLUMN user_settings.own_keys_only; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.user_settings.own_keys_only IS 'Strict: a call fails rather than being paid with a key that is not the person''s.';

-- Name: user_standing; Type: TABLE; Schema: public; Owner: keyloft_owner

CREATE TABLE public.user_standing (
    user_id uuid NOT NULL,
    tier text DEFAULT 'free'::text NOT NULL,
    is_admin boolean DEFAULT false NOT NULL,
    disabled_at timestamp with time zone,
    disabled_reason text,
    deactivated_at timestamp with time zone,
    erase_after timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT user_standing_erasure_follows CHECK (((deactivated_at IS NULL) = (erase_after IS NULL))),
    CONSTRAINT user_standing_reason_is_of_something CHECK (((disabled_reason IS NULL) OR (disabled_at IS NOT NULL))),
    CONSTRAINT user_standing_reason_length CHECK (((char_length(disabled_reason) >= 1) AND (char_length(disabled_reason) <= 500))),
    CONSTRAINT user_standing_tier_known CHECK ((tier = ANY (ARRAY['free'::text, 'pro'::text])))
);

ALTER TABLE ONLY public.user_standing FORCE ROW LEVEL SECURITY;

ALTER TABLE public.user_standing OWNER TO keyloft_owner;

-- Name: TABLE user_standing; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON TABLE public.user_standing IS 'What an operator decides of a person, and whether their account is open. The person may read it, not write it.';

-- Name: COLUMN user_standing.disabled_at; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.user_standing.disabled_at IS 'Closed by an operator. Every credential is refused.';

-- Name: COLUMN user_standing.deactivated_at; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.user_standing.deactivated_at IS 'Closed by the person. Every credential is refused, and after erase_after all they own is deleted.';

-- Name: x402_resources; Type: TABLE; Schema: public; Owner: keyloft_owner

CREATE TABLE public.x402_resources (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    description text,
    resource_type text DEFAULT 'external'::text NOT NULL,
    openrouter_model_id uuid,
    openrouter_config jsonb,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT x402_resources_description_length CHECK ((char_length(description) <= 4000)),
    CONSTRAINT x402_resources_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200))),
    CONSTRAINT x402_resources_openrouter_config_is_object CHECK (((jsonb_typeof(openrouter_config) = 'object'::text) AND (pg_column_size(openrouter_config) <= 262144))),
    CONSTRAINT x402_resources_resource_type_check CHECK ((resource_type = ANY (ARRAY['external'::text, 'proxy'::text, 'prompt'::text, 'static'::text, 'prompt_template'::text, 'openrouter_instant'::text]))),
    CONSTRAINT x402_resources_slug_form CHECK ((slug ~ '^[a-z0-9][a-z0-9-]{0,99}$'::text))
);

ALTER TABLE ONLY public.x402_resources FORCE ROW LEVEL SECURITY;

ALTER TABLE public.x402_resources OWNER TO keyloft_owner;

-- Name: TABLE x402_resources; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON TABLE public.x402_resources IS 'Resources that a person publishes under a name of theirs.';

-- Name: COLUMN x402_resources.openrouter_model_id; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.x402_resources.openrouter_model_id IS 'The model of an openrouter_instant resource; null when it was taken out of the catalogue.';

-- Name: COLUMN x402_resources.openrouter_config; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON COLUMN public.x402_resources.openrouter_config IS 'Of an openrouter_instant resource: {modelId, systemPrompt, params: {temperature, maxTokens, topP}}. Its owner''s alone to read.';

-- Name: usage_records_default; Type: TABLE ATTACH; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE ONLY public.usage_records ATTACH PARTITION keyloft.usage_records_default DEFAULT;

-- Name: job_common; Type: TABLE ATTACH; Schema: pgboss; Owner: keyloft_owner

ALTER TABLE ONLY pgboss.job ATTACH PARTITION pgboss.job_common DEFAULT;

-- Name: accounts accounts_pkey; Type: CONSTRAINT; Schema: auth; Owner: keyloft_owner

ALTER TABLE ONLY auth.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);

-- Name: accounts accounts_provider_account_key; Type: CONSTRAINT; Schema: auth; Owner: keyloft_owner

ALTER TABLE ONLY auth.accounts
    ADD CONSTRAINT accounts_provider_account_key UNIQUE (provider_id, account_id);

-- Name: accounts accounts_user_provider_key; Type: CONSTRAINT; Schema: auth; Owner: keyloft_owner

ALTER TABLE ONLY auth.accounts
    ADD CONSTRAINT accounts_user_provider_key UNIQUE (user_id, provider_id);

-- Name: external_identities external_identities_pkey; Type: CONSTRAINT; Schema: auth; Owner: keyloft_owner

ALTER TABLE ONLY auth.external_identities
    ADD CONSTRAINT external_identities_pkey PRIMARY KEY (issuer, subject);

-- Name: jwks jwks_pkey; Type: CONSTRAINT; Schema: auth; Owner: keyloft_owner

ALTER TABLE ONLY auth.jwks
    ADD CONSTRAINT jwks_pkey PRIMARY KEY (id);

-- Name: sessions sessions_pkey; Type: CONSTRAINT; Schema: auth; Owner: keyloft_owner

ALTER TABLE ONLY auth.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);

-- Name: sessions sessions_token_key; Type: CONSTRAINT; Schema: auth; Owner: keyloft_owner

ALTER TABLE ONLY auth.sessions
    ADD CONSTRAINT sessions_token_key UNIQUE (token);

-- Name: users users_email_key; Type: CONSTRAINT; Schema: auth; Owner: keyloft_owner

ALTER TABLE ONLY auth.users
    ADD CONSTRAINT users_email_key UNIQUE (email);

-- Name: users users_pkey; Type: CONSTRAINT; Schema: auth; Owner: keyloft_owner

ALTER TABLE ONLY auth.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

-- Name: users users_username_key; Type: CONSTRAINT; Schema: auth; Owner: keyloft_owner

ALTER TABLE ONLY auth.users
    ADD CONSTRAINT users_username_key UNIQUE (username);

-- Name: verifications verifications_pkey; Type: CONSTRAINT; Schema: auth; Owner: keyloft_owner

ALTER TABLE ONLY auth.verifications
    ADD CONSTRAINT verifications_pkey PRIMARY KEY (id);

-- Name: advances advances_pkey; Type: CONSTRAINT; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE ONLY keyloft.advances
    ADD CONSTRAINT advances_pkey PRIMARY KEY (id);

-- Name: audit_log audit_log_pkey; Type: CONSTRAINT; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE ONLY keyloft.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (id);

-- Name: data_keys data_keys_user_version_key; Type: CONSTRAINT; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE ONLY keyloft.data_keys
    ADD CONSTRAINT data_keys_user_version_key UNIQUE NULLS NOT DISTINCT (user_id, version);

-- Name: holds holds_pkey; Type: CONSTRAINT; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE ONLY keyloft.holds
    ADD CONSTRAINT holds_pkey PRIMARY KEY (user_id, id);

-- Name: idempotent_requests idempotent_requests_pkey; Type: CONSTRAINT; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE ONLY keyloft.idempotent_requests
    ADD CONSTRAINT idempotent_requests_pkey PRIMARY KEY (id);

-- Name: idempotent_requests idempotent_requests_user_key; Type: CONSTRAINT; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE ONLY keyloft.idempotent_requests
    ADD CONSTRAINT idempotent_requests_user_key UNIQUE NULLS NOT DISTINCT (user_id, key);

-- Name: journal journal_pkey; Type: CONSTRAINT; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE ONLY keyloft.journal
    ADD CONSTRAINT journal_pkey PRIMARY KEY (id);

-- Name: logins logins_pkey; Type: CONSTRAINT; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE ONLY keyloft.logins
    ADD CONSTRAINT logins_pkey PRIMARY KEY (role_name);

-- Name: move_rules move_rules_pkey; Type: CONSTRAINT; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE ONLY keyloft.move_rules
    ADD CONSTRAINT move_rules_pkey PRIMARY KEY (table_name);

-- Name: presumed_reservations presumed_reservations_pkey; Type: CONSTRAINT; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE ONLY keyloft.presumed_reservations
    ADD CONSTRAINT presumed_reservations_pkey PRIMARY KEY (user_id, id, reserved_at);

-- Name: provider_objects provider_objects_pkey; Type: CONSTRAINT; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE ONLY keyloft.provider_objects
    ADD CONSTRAINT provider_objects_pkey PRIMARY KEY (user_id, object_id);

-- Name: request_counts request_counts_pkey; Type: CONSTRAINT; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE ONLY keyloft.request_counts
    ADD CONSTRAINT request_counts_pkey PRIMARY KEY (bucket);

-- Name: secrets secrets_id_user_key; Type: CONSTRAINT; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE ONLY keyloft.secrets
    ADD CONSTRAINT secrets_id_user_key UNIQUE (id, user_id);

-- Name: secrets secrets_pkey; Type: CONSTRAINT; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE ONLY keyloft.secrets
    ADD CONSTRAINT secrets_pkey PRIMARY KEY (id);

-- Name: token_marks token_marks_pkey; Type: CONSTRAINT; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE ONLY keyloft.token_marks
    ADD CONSTRAINT token_marks_pkey PRIMARY KEY (id);

-- Name: usage_records usage_records_pkey; Type: CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.usage_records
    ADD CONSTRAINT usage_records_pkey PRIMARY KEY (user_id, id, started_at);

-- Name: usage_records_default usage_records_default_pkey; Type: CONSTRAINT; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE ONLY keyloft.usage_records_default
    ADD CONSTRAINT usage_records_default_pkey PRIMARY KEY (user_id, id, started_at);

-- Name: user_aliases user_aliases_pkey; Type: CONSTRAINT; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE ONLY keyloft.user_aliases
    ADD CONSTRAINT user_aliases_pkey PRIMARY KEY (old_id);

-- Name: applied_lock applied_lock_pkey; Type: CONSTRAINT; Schema: keyloft_migrations; Owner: keyloft_owner

ALTER TABLE ONLY keyloft_migrations.applied_lock
    ADD CONSTRAINT applied_lock_pkey PRIMARY KEY (id);

-- Name: applied applied_pkey; Type: CONSTRAINT; Schema: keyloft_migrations; Owner: keyloft_owner

ALTER TABLE ONLY keyloft_migrations.applied
    ADD CONSTRAINT applied_pkey PRIMARY KEY (name);

-- Name: files files_pkey; Type: CONSTRAINT; Schema: keyloft_migrations; Owner: keyloft_owner

ALTER TABLE ONLY keyloft_migrations.files
    ADD CONSTRAINT files_pkey PRIMARY KEY (name);

-- Name: bam bam_pkey; Type: CONSTRAINT; Schema: pgboss; Owner: keyloft_owner

ALTER TABLE ONLY pgboss.bam
    ADD CONSTRAINT bam_pkey PRIMARY KEY (id);

-- Name: job job_pkey; Type: CONSTRAINT; Schema: pgboss; Owner: keyloft_owner

ALTER TABLE ONLY pgboss.job
    ADD CONSTRAINT job_pkey PRIMARY KEY (name, id);

-- Name: job_common job_common_pkey; Type: CONSTRAINT; Schema: pgboss; Owner: keyloft_owner

ALTER TABLE ONLY pgboss.job_common
    ADD CONSTRAINT job_common_pkey PRIMARY KEY (name, id);

-- Name: job_dependency job_dependency_pkey; Type: CONSTRAINT; Schema: pgboss; Owner: keyloft_owner

ALTER TABLE ONLY pgboss.job_dependency
    ADD CONSTRAINT job_dependency_pkey PRIMARY KEY (child_name, child_id, parent_name, parent_id);

-- Name: queue queue_pkey; Type: CONSTRAINT; Schema: pgboss; Owner: keyloft_owner

ALTER TABLE ONLY pgboss.queue
    ADD CONSTRAINT queue_pkey PRIMARY KEY (name);

-- Name: queue_stats queue_stats_pkey; Type: CONSTRAINT; Schema: pgboss; Owner: keyloft_owner

ALTER TABLE ONLY pgboss.queue_stats
    ADD CONSTRAINT queue_stats_pkey PRIMARY KEY (id, captured_on);

-- Name: schedule schedule_pkey; Type: CONSTRAINT; Schema: pgboss; Owner: keyloft_owner

ALTER TABLE ONLY pgboss.schedule
    ADD CONSTRAINT schedule_pkey PRIMARY KEY (name, key);

-- Name: subscription subscription_pkey; Type: CONSTRAINT; Schema: pgboss; Owner: keyloft_owner

ALTER TABLE ONLY pgboss.subscription
    ADD CONSTRAINT subscription_pkey PRIMARY KEY (event, name);

-- Name: version version_pkey; Type: CONSTRAINT; Schema: pgboss; Owner: keyloft_owner

ALTER TABLE ONLY pgboss.version
    ADD CONSTRAINT version_pkey PRIMARY KEY (version);

-- Name: warning warning_pkey; Type: CONSTRAINT; Schema: pgboss; Owner: keyloft_owner

ALTER TABLE ONLY pgboss.warning
    ADD CONSTRAINT warning_pkey PRIMARY KEY (id);

-- Name: ai_models ai_models_pkey; Type: CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.ai_models
    ADD CONSTRAINT ai_models_pkey PRIMARY KEY (id);

-- Name: ai_models ai_models_provider_model_key; Type: CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.ai_models
    ADD CONSTRAINT ai_models_provider_model_key UNIQUE (provider, model);

-- Name: api_gateway_configs api_gateway_configs_pkey; Type: CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.api_gateway_configs
    ADD CONSTRAINT api_gateway_configs_pkey PRIMARY KEY (user_id);

-- Name: api_keys api_keys_pkey; Type: CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);

-- Name: api_keys api_keys_secret_id_key; Type: CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_secret_id_key UNIQUE (secret_id, user_id);

-- Name: api_keys api_keys_user_service_name_key; Type: CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_user_service_name_key UNIQUE (user_id, service, key_name);

-- Name: api_tokens api_tokens_pkey; Type: CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.api_tokens
    ADD CONSTRAINT api_tokens_pkey PRIMARY KEY (id);

-- Name: api_tokens api_tokens_public_id_key; Type: CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.api_tokens
    ADD CONSTRAINT api_tokens_public_id_key UNIQUE (public_id);

-- Name: model_prices model_prices_in_force_key; Type: CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.model_prices
    ADD CONSTRAINT model_prices_in_force_key UNIQUE (provider, model, effective_from, from_input_tokens);

-- Name: model_prices model_prices_pkey; Type: CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.model_prices
    ADD CONSTRAINT model_prices_pkey PRIMARY KEY (id);

-- Name: quota_tiers quota_tiers_pkey; Type: CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.quota_tiers
    ADD CONSTRAINT quota_tiers_pkey PRIMARY KEY (tier, type);

-- Name: settings settings_pkey; Type: CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.settings
    ADD CONSTRAINT settings_pkey PRIMARY KEY (id);

-- Name: settings settings_user_id_key_key; Type: CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.settings
    ADD CONSTRAINT settings_user_id_key_key UNIQUE (user_id, key);

-- Name: usage_adjustments usage_adjustments_pkey; Type: CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.usage_adjustments
    ADD CONSTRAINT usage_adjustments_pkey PRIMARY KEY (id);

-- Name: usage_hourly usage_hourly_pkey; Type: CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.usage_hourly
    ADD CONSTRAINT usage_hourly_pkey PRIMARY KEY (user_id, hour, provider, model, credential_source);

-- Name: user_profiles user_profiles_pkey; Type: CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.user_profiles
    ADD CONSTRAINT user_profiles_pkey PRIMARY KEY (user_id);

-- Name: user_quota_limits user_quota_limits_pkey; Type: CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.user_quota_limits
    ADD CONSTRAINT user_quota_limits_pkey PRIMARY KEY (id);

-- Name: user_quota_limits user_quota_limits_what_key; Type: CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.user_quota_limits
    ADD CONSTRAINT user_quota_limits_what_key UNIQUE NULLS NOT DISTINCT (user_id, type, provider, model, spend, set_by, key_id);

-- Name: user_settings user_settings_pkey; Type: CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.user_settings
    ADD CONSTRAINT user_settings_pkey PRIMARY KEY (user_id);

-- Name: user_standing user_standing_pkey; Type: CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.user_standing
    ADD CONSTRAINT user_standing_pkey PRIMARY KEY (user_id);

-- Name: x402_resources x402_resources_pkey; Type: CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.x402_resources
    ADD CONSTRAINT x402_resources_pkey PRIMARY KEY (id);

-- Name: x402_resources x402_resources_user_slug_key; Type: CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.x402_resources
    ADD CONSTRAINT x402_resources_user_slug_key UNIQUE (user_id, slug);

-- Name: external_identities_user_id_idx; Type: INDEX; Schema: auth; Owner: keyloft_owner

CREATE INDEX external_identities_user_id_idx ON auth.external_identities USING btree (user_id);

-- Name: sessions_user_id_idx; Type: INDEX; Schema: auth; Owner: keyloft_owner

CREATE INDEX sessions_user_id_idx ON auth.sessions USING btree (user_id);

-- Name: verifications_identifier_idx; Type: INDEX; Schema: auth; Owner: keyloft_owner

CREATE INDEX verifications_identifier_idx ON auth.verifications USING btree (identifier);

-- Name: audit_log_user_id_idx; Type: INDEX; Schema: keyloft; Owner: keyloft_owner

CREATE INDEX audit_log_user_id_idx ON keyloft.audit_log USING btree (user_id, id);

-- Name: idempotent_requests_expires_at_idx; Type: INDEX; Schema: keyloft; Owner: keyloft_owner

CREATE INDEX idempotent_requests_expires_at_idx ON keyloft.idempotent_requests USING btree (expires_at);

-- Name: provider_objects_created_at_idx; Type: INDEX; Schema: keyloft; Owner: keyloft_owner

CREATE INDEX provider_objects_created_at_idx ON keyloft.provider_objects USING btree (created_at);

-- Name: provider_objects_object_id_idx; Type: INDEX; Schema: keyloft; Owner: keyloft_owner

CREATE INDEX provider_objects_object_id_idx ON keyloft.provider_objects USING btree (object_id);

-- Name: request_counts_window_ends_idx; Type: INDEX; Schema: keyloft; Owner: keyloft_owner

CREATE INDEX request_counts_window_ends_idx ON keyloft.request_counts USING btree (window_ends);

-- Name: secrets_user_id_version_idx; Type: INDEX; Schema: keyloft; Owner: keyloft_owner

CREATE INDEX secrets_user_id_version_idx ON keyloft.secrets USING btree (user_id, version);

-- Name: usage_records_request_id_idx; Type: INDEX; Schema: public; Owner: keyloft_owner

CREATE INDEX usage_records_request_id_idx ON ONLY public.usage_records USING btree (user_id, request_id) WHERE (request_id <> (id)::text);

-- Name: INDEX usage_records_request_id_idx; Type: COMMENT; Schema: public; Owner: keyloft_owner

COMMENT ON INDEX public.usage_records_request_id_idx IS 'Of calls that have another id than their request. On every month; keyloft.make_usage_partitions copies it.';

-- Name: usage_records_default_user_id_request_id_idx; Type: INDEX; Schema: keyloft; Owner: keyloft_owner

CREATE INDEX usage_records_default_user_id_request_id_idx ON keyloft.usage_records_default USING btree (user_id, request_id) WHERE (request_id <> (id)::text);

-- Name: user_aliases_user_id_idx; Type: INDEX; Schema: keyloft; Owner: keyloft_owner

CREATE INDEX user_aliases_user_id_idx ON keyloft.user_aliases USING btree (user_id);

-- Name: job_common_i1; Type: INDEX; Schema: pgboss; Owner: keyloft_owner

CREATE UNIQUE INDEX job_common_i1 ON pgboss.job_common USING btree (name, COALESCE(singleton_key, ''::text)) WHERE ((state = 'created'::pgboss.job_state) AND (policy = 'short'::text));

-- Name: job_common_i10; Type: INDEX; Schema: pgboss; Owner: keyloft_owner

CREATE INDEX job_common_i10 ON pgboss.job_common USING btree (name, singleton_key, state DESC, created_on, id) INCLUDE (start_after) WHERE ((state < 'active'::pgboss.job_state) AND (NOT blocked) AND (policy = 'key_strict_fifo'::text));

-- Name: job_common_i11; Type: INDEX; Schema: pgboss; Owner: keyloft_owner

CREATE INDEX job_common_i11 ON pgboss.job_common USING btree (name, priority DESC, created_on, start_after) WHERE ((state < 'active'::pgboss.job_state) AND (NOT blocked));

-- Name: job_common_i12; Type: INDEX; Schema: pgboss; Owner: keyloft_owner

CREATE INDEX job_common_i12 ON pgboss.job_common USING btree (source_root_id) WHERE (source_root_id IS NOT NULL);

-- Name: job_common_i2; Type: INDEX; Schema: pgboss; Owner: keyloft_owner

CREATE UNIQUE INDEX job_common_i2 ON pgboss.job_common USING btree (name, COALESCE(singleton_key, ''::text)) WHERE ((state = 'active'::pgboss.job_state) AND (policy = 'singleton'::text));

-- Name: job_common_i3; Type: INDEX; Schema: pgboss; Owner: keyloft_owner

CREATE UNIQUE INDEX job_common_i3 ON pgboss.job_common USING btree (name, state, COALESCE(singleton_key, ''::text)) WHERE ((state <= 'active'::pgboss.job_state) AND (policy = 'stately'::text));

-- Name: job_common_i4; Type: INDEX; Schema: pgboss; Owner: keyloft_owner

CREATE UNIQUE INDEX job_common_i4 ON pgboss.job_common USING btree (name, singleton_on, COALESCE(singleton_key, ''::text)) WHERE ((state <> 'cancelled'::pgboss.job_state) AND (singleton_on IS NOT NULL));

-- Name: job_common_i6; Type: INDEX; Schema: pgboss; Owner: keyloft_owner

CREATE UNIQUE INDEX job_common_i6 ON pgboss.job_common USING btree (name, COALESCE(singleton_key, ''::text)) WHERE ((state <= 'active'::pgboss.job_state) AND (policy = 'exclusive'::text));

-- Name: job_common_i7; Type: INDEX; Schema: pgboss; Owner: keyloft_owner

CREATE INDEX job_common_i7 ON pgboss.job_common USING btree (name, group_id) WHERE ((state = 'active'::pgboss.job_state) AND (group_id IS NOT NULL));

-- Name: job_common_i8; Type: INDEX; Schema: pgboss; Owner: keyloft_owner

CREATE UNIQUE INDEX job_common_i8 ON pgboss.job_common USING btree (name, singleton_key) WHERE ((state = ANY (ARRAY['active'::pgboss.job_state, 'retry'::pgboss.job_state, 'failed'::pgboss.job_state])) AND (policy = 'key_strict_fifo'::text));

-- Name: job_common_i9; Type: INDEX; Schema: pgboss; Owner: keyloft_owner

CREATE INDEX job_common_i9 ON pgboss.job_common USING btree (name, id) WHERE (blocking AND (state = 'completed'::pgboss.job_state));

-- Name: job_dep_parent_idx; Type: INDEX; Schema: pgboss; Owner: keyloft_owner

CREATE INDEX job_dep_parent_idx ON pgboss.job_dependency USING btree (parent_name, parent_id);

-- Name: queue_stats_i1; Type: INDEX; Schema: pgboss; Owner: keyloft_owner

CREATE INDEX queue_stats_i1 ON ONLY pgboss.queue_stats USING btree (name, captured_on DESC) INCLUDE (deferred_count, queued_count, ready_count, active_count, failed_count, total_count);

-- Name: warning_i1; Type: INDEX; Schema: pgboss; Owner: keyloft_owner

CREATE INDEX warning_i1 ON pgboss.warning USING btree (created_on DESC);

-- Name: api_tokens_user_id_idx; Type: INDEX; Schema: public; Owner: keyloft_owner

CREATE INDEX api_tokens_user_id_idx ON public.api_tokens USING btree (user_id);

-- Name: idx_x402_resources_openrouter_model; Type: INDEX; Schema: public; Owner: keyloft_owner

CREATE INDEX idx_x402_resources_openrouter_model ON public.x402_resources USING btree (openrouter_model_id) WHERE (openrouter_model_id IS NOT NULL);

-- Name: usage_adjustments_hour_idx; Type: INDEX; Schema: public; Owner: keyloft_owner

CREATE INDEX usage_adjustments_hour_idx ON public.usage_adjustments USING btree (hour);

-- Name: usage_adjustments_user_id_hour_idx; Type: INDEX; Schema: public; Owner: keyloft_owner

CREATE INDEX usage_adjustments_user_id_hour_idx ON public.usage_adjustments USING btree (user_id, hour);

-- Name: user_quota_limits_key_id_idx; Type: INDEX; Schema: public; Owner: keyloft_owner

CREATE INDEX user_quota_limits_key_id_idx ON public.user_quota_limits USING btree (key_id) WHERE (key_id IS NOT NULL);

-- Name: user_standing_erase_after_idx; Type: INDEX; Schema: public; Owner: keyloft_owner

CREATE INDEX user_standing_erase_after_idx ON public.user_standing USING btree (erase_after) WHERE (erase_after IS NOT NULL);

-- Name: usage_records_default_pkey; Type: INDEX ATTACH; Schema: keyloft; Owner: keyloft_owner

ALTER INDEX public.usage_records_pkey ATTACH PARTITION keyloft.usage_records_default_pkey;

-- Name: usage_records_default_user_id_request_id_idx; Type: INDEX ATTACH; Schema: keyloft; Owner: keyloft_owner

ALTER INDEX public.usage_records_request_id_idx ATTACH PARTITION keyloft.usage_records_default_user_id_request_id_idx;

-- Name: job_common_pkey; Type: INDEX ATTACH; Schema: pgboss; Owner: keyloft_owner

ALTER INDEX pgboss.job_pkey ATTACH PARTITION pgboss.job_common_pkey;

-- Name: accounts accounts_forget_tokens; Type: TRIGGER; Schema: auth; Owner: keyloft_owner

CREATE TRIGGER accounts_forget_tokens AFTER DELETE OR UPDATE OF access_token, refresh_token, id_token ON auth.accounts FOR EACH ROW EXECUTE FUNCTION keyloft.forget_replaced_oauth_tokens();

-- Name: ai_models ai_models_signal_change; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER ai_models_signal_change AFTER INSERT OR DELETE OR UPDATE OF provider, model ON public.ai_models FOR EACH ROW EXECUTE FUNCTION keyloft.signal_change('models', 'provider');

-- Name: ai_models ai_models_updated_at; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER ai_models_updated_at BEFORE UPDATE ON public.ai_models FOR EACH ROW EXECUTE FUNCTION keyloft.set_updated_at();

-- Name: api_gateway_configs api_gateway_configs_are_audited; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER api_gateway_configs_are_audited AFTER INSERT OR DELETE OR UPDATE ON public.api_gateway_configs FOR EACH ROW EXECUTE FUNCTION keyloft.audit_gateway_config();

-- Name: api_gateway_configs api_gateway_configs_signal_change; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER api_gateway_configs_signal_change AFTER INSERT OR DELETE OR UPDATE ON public.api_gateway_configs FOR EACH ROW EXECUTE FUNCTION keyloft.signal_person('facts');

-- Name: api_gateway_configs api_gateway_configs_updated_at; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER api_gateway_configs_updated_at BEFORE UPDATE ON public.api_gateway_configs FOR EACH ROW EXECUTE FUNCTION keyloft.set_updated_at();

-- Name: api_keys api_keys_are_audited; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER api_keys_are_audited AFTER INSERT OR DELETE OR UPDATE ON public.api_keys FOR EACH ROW EXECUTE FUNCTION keyloft.audit_api_key();

-- Name: api_keys api_keys_are_bounded; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER api_keys_are_bounded BEFORE INSERT ON public.api_keys FOR EACH ROW EXECUTE FUNCTION keyloft.bound_api_keys();

-- Name: api_keys api_keys_are_limited; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER api_keys_are_limited AFTER INSERT OR UPDATE OF daily_limit, monthly_limit ON public.api_keys FOR EACH ROW EXECUTE FUNCTION keyloft.limit_api_key();

-- Name: api_keys api_keys_forget_secret; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER api_keys_forget_secret AFTER DELETE OR UPDATE OF secret_id ON public.api_keys FOR EACH ROW EXECUTE FUNCTION keyloft.forget_replaced_secret();

-- Name: api_keys api_keys_signal_change; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER api_keys_signal_change AFTER INSERT OR DELETE OR UPDATE OF user_id, service, key_name, secret_id, priority, is_enabled, is_valid, daily_limit, monthly_limit ON public.api_keys FOR EACH ROW EXECUTE FUNCTION keyloft.signal_person('facts');

-- Name: api_keys api_keys_updated_at; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER api_keys_updated_at BEFORE UPDATE ON public.api_keys FOR EACH ROW EXECUTE FUNCTION keyloft.set_updated_at();

-- Name: api_tokens api_tokens_limit; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER api_tokens_limit BEFORE INSERT ON public.api_tokens FOR EACH ROW EXECUTE FUNCTION keyloft.limit_api_tokens();

-- Name: api_tokens api_tokens_signal_change; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER api_tokens_signal_change AFTER UPDATE OF user_id, secret_hash, scopes, allowed_models, expires_at, revoked_at ON public.api_tokens FOR EACH ROW EXECUTE FUNCTION keyloft.signal_change('token', 'id');

-- Name: api_tokens api_tokens_signal_deletion; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER api_tokens_signal_deletion AFTER DELETE ON public.api_tokens FOR EACH ROW EXECUTE FUNCTION keyloft.signal_change('token', 'id');

-- Name: quota_tiers quota_tiers_signal_change; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER quota_tiers_signal_change AFTER INSERT OR DELETE OR UPDATE ON public.quota_tiers FOR EACH ROW EXECUTE FUNCTION keyloft.signal_change('tiers', 'tier');

-- Name: settings settings_updated_at; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER settings_updated_at BEFORE UPDATE ON public.settings FOR EACH ROW EXECUTE FUNCTION keyloft.set_updated_at();

-- Name: usage_records usage_records_rolled_up; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER usage_records_rolled_up AFTER INSERT ON public.usage_records REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION keyloft.roll_up_usage();

-- Name: usage_records usage_records_rolled_up_again; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER usage_records_rolled_up_again AFTER UPDATE ON public.usage_records REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION keyloft.roll_up_usage();

-- Name: user_profiles user_profiles_updated_at; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER user_profiles_updated_at BEFORE UPDATE ON public.user_profiles FOR EACH ROW EXECUTE FUNCTION keyloft.set_updated_at();

-- Name: user_quota_limits user_quota_limits_after_books; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER user_quota_limits_after_books BEFORE INSERT ON public.user_quota_limits FOR EACH ROW WHEN ((new.set_by <> 'tier'::text)) EXECUTE FUNCTION keyloft.await_books();

-- Name: user_quota_limits user_quota_limits_are_bounded; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER user_quota_limits_are_bounded BEFORE INSERT ON public.user_quota_limits FOR EACH ROW WHEN ((new.set_by = 'person'::text)) EXECUTE FUNCTION keyloft.bound_quotas();

-- Name: user_quota_limits user_quota_limits_are_limits; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER user_quota_limits_are_limits BEFORE INSERT OR UPDATE OF user_id, type, provider, model, spend, set_by, key_id, request_limit, token_limit, cost_limit ON public.user_quota_limits FOR EACH ROW EXECUTE FUNCTION keyloft.check_quota();

-- Name: user_quota_limits user_quota_limits_signal_change; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER user_quota_limits_signal_change AFTER INSERT OR DELETE OR UPDATE OF user_id, type, provider, model, spend, request_limit, token_limit, cost_limit, is_active ON public.user_quota_limits FOR EACH ROW EXECUTE FUNCTION keyloft.signal_person('facts');

-- Name: user_quota_limits user_quota_limits_updated_at; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER user_quota_limits_updated_at BEFORE UPDATE OF type, provider, model, spend, request_limit, token_limit, cost_limit, is_active ON public.user_quota_limits FOR EACH ROW EXECUTE FUNCTION keyloft.set_updated_at();

-- Name: user_settings user_settings_signal_change; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER user_settings_signal_change AFTER INSERT OR DELETE OR UPDATE ON public.user_settings FOR EACH ROW EXECUTE FUNCTION keyloft.signal_person('facts');

-- Name: user_settings user_settings_updated_at; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER user_settings_updated_at BEFORE UPDATE ON public.user_settings FOR EACH ROW EXECUTE FUNCTION keyloft.set_updated_at();

-- Name: user_standing user_standing_signal; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER user_standing_signal AFTER INSERT OR DELETE OR UPDATE ON public.user_standing FOR EACH ROW EXECUTE FUNCTION keyloft.signal_change('person', 'user_id');

-- Name: user_standing user_standing_updated_at; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER user_standing_updated_at BEFORE UPDATE ON public.user_standing FOR EACH ROW EXECUTE FUNCTION keyloft.set_updated_at();

-- Name: x402_resources x402_resources_updated_at; Type: TRIGGER; Schema: public; Owner: keyloft_owner

CREATE TRIGGER x402_resources_updated_at BEFORE UPDATE ON public.x402_resources FOR EACH ROW EXECUTE FUNCTION keyloft.set_updated_at();

-- Name: accounts accounts_user_id_fkey; Type: FK CONSTRAINT; Schema: auth; Owner: keyloft_owner

ALTER TABLE ONLY auth.accounts
    ADD CONSTRAINT accounts_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

-- Name: external_identities external_identities_user_id_fkey; Type: FK CONSTRAINT; Schema: auth; Owner: keyloft_owner

ALTER TABLE ONLY auth.external_identities
    ADD CONSTRAINT external_identities_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

-- Name: sessions sessions_user_id_fkey; Type: FK CONSTRAINT; Schema: auth; Owner: keyloft_owner

ALTER TABLE ONLY auth.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

-- Name: data_keys data_keys_user_id_fkey; Type: FK CONSTRAINT; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE ONLY keyloft.data_keys
    ADD CONSTRAINT data_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

-- Name: idempotent_requests idempotent_requests_user_id_fkey; Type: FK CONSTRAINT; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE ONLY keyloft.idempotent_requests
    ADD CONSTRAINT idempotent_requests_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

-- Name: provider_objects provider_objects_user_id_fkey; Type: FK CONSTRAINT; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE ONLY keyloft.provider_objects
    ADD CONSTRAINT provider_objects_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

-- Name: secrets secrets_user_id_fkey; Type: FK CONSTRAINT; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE ONLY keyloft.secrets
    ADD CONSTRAINT secrets_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

-- Name: user_aliases user_aliases_user_id_fkey; Type: FK CONSTRAINT; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE ONLY keyloft.user_aliases
    ADD CONSTRAINT user_aliases_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

-- Name: job_common dlq_fkey; Type: FK CONSTRAINT; Schema: pgboss; Owner: keyloft_owner

ALTER TABLE ONLY pgboss.job_common
    ADD CONSTRAINT dlq_fkey FOREIGN KEY (dead_letter) REFERENCES pgboss.queue(name) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED;

-- Name: job_common q_fkey; Type: FK CONSTRAINT; Schema: pgboss; Owner: keyloft_owner

ALTER TABLE ONLY pgboss.job_common
    ADD CONSTRAINT q_fkey FOREIGN KEY (name) REFERENCES pgboss.queue(name) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED;

-- Name: queue queue_dead_letter_fkey; Type: FK CONSTRAINT; Schema: pgboss; Owner: keyloft_owner

ALTER TABLE ONLY pgboss.queue
    ADD CONSTRAINT queue_dead_letter_fkey FOREIGN KEY (dead_letter) REFERENCES pgboss.queue(name);

-- Name: schedule schedule_name_fkey; Type: FK CONSTRAINT; Schema: pgboss; Owner: keyloft_owner

ALTER TABLE ONLY pgboss.schedule
    ADD CONSTRAINT schedule_name_fkey FOREIGN KEY (name) REFERENCES pgboss.queue(name) ON DELETE CASCADE;

-- Name: subscription subscription_name_fkey; Type: FK CONSTRAINT; Schema: pgboss; Owner: keyloft_owner

ALTER TABLE ONLY pgboss.subscription
    ADD CONSTRAINT subscription_name_fkey FOREIGN KEY (name) REFERENCES pgboss.queue(name) ON DELETE CASCADE;

-- Name: api_gateway_configs api_gateway_configs_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.api_gateway_configs
    ADD CONSTRAINT api_gateway_configs_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

-- Name: api_keys api_keys_secret_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_secret_id_fkey FOREIGN KEY (secret_id, user_id) REFERENCES keyloft.secrets(id, user_id) ON DELETE CASCADE;

-- Name: api_keys api_keys_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

-- Name: api_tokens api_tokens_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.api_tokens
    ADD CONSTRAINT api_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

-- Name: settings settings_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.settings
    ADD CONSTRAINT settings_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

-- Name: user_profiles user_profiles_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.user_profiles
    ADD CONSTRAINT user_profiles_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

-- Name: user_quota_limits user_quota_limits_key_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.user_quota_limits
    ADD CONSTRAINT user_quota_limits_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.api_keys(id) ON DELETE CASCADE;

-- Name: user_quota_limits user_quota_limits_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.user_quota_limits
    ADD CONSTRAINT user_quota_limits_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

-- Name: user_settings user_settings_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.user_settings
    ADD CONSTRAINT user_settings_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

-- Name: user_standing user_standing_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.user_standing
    ADD CONSTRAINT user_standing_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

-- Name: x402_resources x402_resources_openrouter_model_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.x402_resources
    ADD CONSTRAINT x402_resources_openrouter_model_id_fkey FOREIGN KEY (openrouter_model_id) REFERENCES public.ai_models(id) ON DELETE SET NULL;

-- Name: x402_resources x402_resources_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: keyloft_owner

ALTER TABLE ONLY public.x402_resources
    ADD CONSTRAINT x402_resources_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

-- Name: accounts; Type: ROW SECURITY; Schema: auth; Owner: keyloft_owner

ALTER TABLE auth.accounts ENABLE ROW LEVEL SECURITY;

-- Name: external_identities; Type: ROW SECURITY; Schema: auth; Owner: keyloft_owner

ALTER TABLE auth.external_identities ENABLE ROW LEVEL SECURITY;

-- Name: jwks its functions keep keys; Type: POLICY; Schema: auth; Owner: keyloft_owner

CREATE POLICY "its functions keep keys" ON auth.jwks TO keyloft_definer USING (true) WITH CHECK (true);

-- Name: accounts its functions keep tokens; Type: POLICY; Schema: auth; Owner: keyloft_owner

CREATE POLICY "its functions keep tokens" ON auth.accounts TO keyloft_definer USING (true) WITH CHECK (true);

-- Name: jwks; Type: ROW SECURITY; Schema: auth; Owner: keyloft_owner

ALTER TABLE auth.jwks ENABLE ROW LEVEL SECURITY;

-- Name: accounts owner maintains; Type: POLICY; Schema: auth; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON auth.accounts TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: external_identities owner maintains; Type: POLICY; Schema: auth; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON auth.external_identities TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: jwks owner maintains; Type: POLICY; Schema: auth; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON auth.jwks TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: sessions owner maintains; Type: POLICY; Schema: auth; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON auth.sessions TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: users owner maintains; Type: POLICY; Schema: auth; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON auth.users TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: verifications owner maintains; Type: POLICY; Schema: auth; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON auth.verifications TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: users people are counted; Type: POLICY; Schema: auth; Owner: keyloft_owner

CREATE POLICY "people are counted" ON auth.users FOR SELECT TO keyloft_definer USING (true);

-- Name: sessions; Type: ROW SECURITY; Schema: auth; Owner: keyloft_owner

ALTER TABLE auth.sessions ENABLE ROW LEVEL SECURITY;

-- Name: accounts sign-in keeps accounts; Type: POLICY; Schema: auth; Owner: keyloft_owner

CREATE POLICY "sign-in keeps accounts" ON auth.accounts TO keyloft_auth USING (true) WITH CHECK (true);

-- Name: jwks sign-in keeps accounts; Type: POLICY; Schema: auth; Owner: keyloft_owner

CREATE POLICY "sign-in keeps accounts" ON auth.jwks TO keyloft_auth USING (true) WITH CHECK (true);

-- Name: sessions sign-in keeps accounts; Type: POLICY; Schema: auth; Owner: keyloft_owner

CREATE POLICY "sign-in keeps accounts" ON auth.sessions TO keyloft_auth USING (true) WITH CHECK (true);

-- Name: users sign-in keeps accounts; Type: POLICY; Schema: auth; Owner: keyloft_owner

CREATE POLICY "sign-in keeps accounts" ON auth.users TO keyloft_auth USING (true) WITH CHECK (true);

-- Name: verifications sign-in keeps accounts; Type: POLICY; Schema: auth; Owner: keyloft_owner

CREATE POLICY "sign-in keeps accounts" ON auth.verifications TO keyloft_auth USING (true) WITH CHECK (true);

-- Name: external_identities sign-in keeps identities; Type: POLICY; Schema: auth; Owner: keyloft_owner

CREATE POLICY "sign-in keeps identities" ON auth.external_identities TO keyloft_auth USING (true) WITH CHECK (true);

-- Name: users; Type: ROW SECURITY; Schema: auth; Owner: keyloft_owner

ALTER TABLE auth.users ENABLE ROW LEVEL SECURITY;

-- Name: verifications; Type: ROW SECURITY; Schema: auth; Owner: keyloft_owner

ALTER TABLE auth.verifications ENABLE ROW LEVEL SECURITY;

-- Name: audit_log admins are told by a function; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "admins are told by a function" ON keyloft.audit_log FOR SELECT TO keyloft_definer USING (true);

-- Name: advances; Type: ROW SECURITY; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE keyloft.advances ENABLE ROW LEVEL SECURITY;

-- Name: audit_log; Type: ROW SECURITY; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE keyloft.audit_log ENABLE ROW LEVEL SECURITY;

-- Name: data_keys; Type: ROW SECURITY; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE keyloft.data_keys ENABLE ROW LEVEL SECURITY;

-- Name: holds; Type: ROW SECURITY; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE keyloft.holds ENABLE ROW LEVEL SECURITY;

-- Name: idempotent_requests; Type: ROW SECURITY; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE keyloft.idempotent_requests ENABLE ROW LEVEL SECURITY;

-- Name: token_marks its function reads it; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "its function reads it" ON keyloft.token_marks FOR SELECT TO keyloft_definer USING (true);

-- Name: user_aliases its functions ask it; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "its functions ask it" ON keyloft.user_aliases FOR SELECT TO keyloft_definer USING (true);

-- Name: advances its functions keep it; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "its functions keep it" ON keyloft.advances TO keyloft_definer USING (true) WITH CHECK (true);

-- Name: holds its functions keep it; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "its functions keep it" ON keyloft.holds TO keyloft_definer USING (true) WITH CHECK (true);

-- Name: idempotent_requests its functions keep it; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "its functions keep it" ON keyloft.idempotent_requests TO keyloft_definer USING (true) WITH CHECK (true);

-- Name: journal its functions keep it; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "its functions keep it" ON keyloft.journal TO keyloft_definer USING (true) WITH CHECK (true);

-- Name: presumed_reservations its functions keep it; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "its functions keep it" ON keyloft.presumed_reservations TO keyloft_definer USING (true) WITH CHECK (true);

-- Name: provider_objects its functions keep it; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "its functions keep it" ON keyloft.provider_objects TO keyloft_definer USING (true) WITH CHECK (true);

-- Name: request_counts its functions keep it; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "its functions keep it" ON keyloft.request_counts TO keyloft_definer USING (true) WITH CHECK (true);

-- Name: data_keys its functions keep them; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "its functions keep them" ON keyloft.data_keys TO keyloft_definer USING (true) WITH CHECK (true);

-- Name: secrets its functions keep them; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "its functions keep them" ON keyloft.secrets TO keyloft_definer USING (true) WITH CHECK (true);

-- Name: journal; Type: ROW SECURITY; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE keyloft.journal ENABLE ROW LEVEL SECURITY;

-- Name: logins; Type: ROW SECURITY; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE keyloft.logins ENABLE ROW LEVEL SECURITY;

-- Name: move_rules; Type: ROW SECURITY; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE keyloft.move_rules ENABLE ROW LEVEL SECURITY;

-- Name: advances owner maintains; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON keyloft.advances TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: audit_log owner maintains; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON keyloft.audit_log TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: data_keys owner maintains; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON keyloft.data_keys TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: holds owner maintains; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON keyloft.holds TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: idempotent_requests owner maintains; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON keyloft.idempotent_requests TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: journal owner maintains; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON keyloft.journal TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: logins owner maintains; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON keyloft.logins TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: move_rules owner maintains; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON keyloft.move_rules TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: presumed_reservations owner maintains; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON keyloft.presumed_reservations TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: provider_objects owner maintains; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON keyloft.provider_objects TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: request_counts owner maintains; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON keyloft.request_counts TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: secrets owner maintains; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON keyloft.secrets TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: token_marks owner maintains; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON keyloft.token_marks TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: usage_records_default owner maintains; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON keyloft.usage_records_default TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: user_aliases owner maintains; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON keyloft.user_aliases TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: presumed_reservations; Type: ROW SECURITY; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE keyloft.presumed_reservations ENABLE ROW LEVEL SECURITY;

-- Name: provider_objects; Type: ROW SECURITY; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE keyloft.provider_objects ENABLE ROW LEVEL SECURITY;

-- Name: request_counts; Type: ROW SECURITY; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE keyloft.request_counts ENABLE ROW LEVEL SECURITY;

-- Name: secrets; Type: ROW SECURITY; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE keyloft.secrets ENABLE ROW LEVEL SECURITY;

-- Name: token_marks; Type: ROW SECURITY; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE keyloft.token_marks ENABLE ROW LEVEL SECURITY;

-- Name: usage_records_default; Type: ROW SECURITY; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE keyloft.usage_records_default ENABLE ROW LEVEL SECURITY;

-- Name: user_aliases; Type: ROW SECURITY; Schema: keyloft; Owner: keyloft_owner

ALTER TABLE keyloft.user_aliases ENABLE ROW LEVEL SECURITY;

-- Name: audit_log what happened is written down; Type: POLICY; Schema: keyloft; Owner: keyloft_owner

CREATE POLICY "what happened is written down" ON keyloft.audit_log FOR INSERT TO keyloft_definer WITH CHECK (true);

-- Name: applied; Type: ROW SECURITY; Schema: keyloft_migrations; Owner: keyloft_owner

ALTER TABLE keyloft_migrations.applied ENABLE ROW LEVEL SECURITY;

-- Name: applied_lock; Type: ROW SECURITY; Schema: keyloft_migrations; Owner: keyloft_owner

ALTER TABLE keyloft_migrations.applied_lock ENABLE ROW LEVEL SECURITY;

-- Name: files; Type: ROW SECURITY; Schema: keyloft_migrations; Owner: keyloft_owner

ALTER TABLE keyloft_migrations.files ENABLE ROW LEVEL SECURITY;

-- Name: applied owner maintains; Type: POLICY; Schema: keyloft_migrations; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON keyloft_migrations.applied TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: applied_lock owner maintains; Type: POLICY; Schema: keyloft_migrations; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON keyloft_migrations.applied_lock TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: files owner maintains; Type: POLICY; Schema: keyloft_migrations; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON keyloft_migrations.files TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: applied the server asks what was applied; Type: POLICY; Schema: keyloft_migrations; Owner: keyloft_owner

CREATE POLICY "the server asks what was applied" ON keyloft_migrations.applied FOR SELECT TO keyloft_definer USING (true);

-- Name: files the server asks which files were applied; Type: POLICY; Schema: keyloft_migrations; Owner: keyloft_owner

CREATE POLICY "the server asks which files were applied" ON keyloft_migrations.files FOR SELECT TO keyloft_definer USING (true);

-- Name: api_tokens a presented token is looked up; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "a presented token is looked up" ON public.api_tokens FOR SELECT TO keyloft_definer USING (true);

-- Name: ai_models; Type: ROW SECURITY; Schema: public; Owner: keyloft_owner

ALTER TABLE public.ai_models ENABLE ROW LEVEL SECURITY;

-- Name: api_gateway_configs; Type: ROW SECURITY; Schema: public; Owner: keyloft_owner

ALTER TABLE public.api_gateway_configs ENABLE ROW LEVEL SECURITY;

-- Name: api_keys; Type: ROW SECURITY; Schema: public; Owner: keyloft_owner

ALTER TABLE public.api_keys ENABLE ROW LEVEL SECURITY;

-- Name: api_tokens; Type: ROW SECURITY; Schema: public; Owner: keyloft_owner

ALTER TABLE public.api_tokens ENABLE ROW LEVEL SECURITY;

-- Name: user_standing checks of credentials ask; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "checks of credentials ask" ON public.user_standing FOR SELECT TO keyloft_definer USING (true);

-- Name: ai_models everybody who signed in reads it; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "everybody who signed in reads it" ON public.ai_models FOR SELECT TO authenticated, service_role USING (true);

-- Name: model_prices everybody who signed in reads it; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "everybody who signed in reads it" ON public.model_prices FOR SELECT TO authenticated, service_role USING (true);

-- Name: quota_tiers everybody who signed in reads it; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "everybody who signed in reads it" ON public.quota_tiers FOR SELECT TO authenticated USING (true);

-- Name: quota_tiers its functions ask it; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "its functions ask it" ON public.quota_tiers FOR SELECT TO keyloft_definer USING (true);

-- Name: model_prices its functions enter prices; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "its functions enter prices" ON public.model_prices FOR INSERT TO keyloft_definer WITH CHECK (true);

-- Name: api_gateway_configs its functions keep gateways; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "its functions keep gateways" ON public.api_gateway_configs TO keyloft_definer USING (true) WITH CHECK (true);

-- Name: ai_models its functions keep it; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "its functions keep it" ON public.ai_models TO keyloft_definer USING (true) WITH CHECK (true);

-- Name: usage_hourly its functions keep it; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "its functions keep it" ON public.usage_hourly TO keyloft_definer USING (true) WITH CHECK (true);

-- Name: usage_records its functions keep it; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "its functions keep it" ON public.usage_records TO keyloft_definer USING (true) WITH CHECK (true);

-- Name: user_quota_limits its functions keep it; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "its functions keep it" ON public.user_quota_limits TO keyloft_definer USING (true) WITH CHECK (true);

-- Name: api_keys its functions keep keys; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "its functions keep keys" ON public.api_keys TO keyloft_definer USING (true) WITH CHECK (true);

-- Name: usage_adjustments its functions read it; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "its functions read it" ON public.usage_adjustments FOR SELECT TO keyloft_definer USING (true);

-- Name: model_prices its functions read prices; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "its functions read prices" ON public.model_prices FOR SELECT TO keyloft_definer USING (true);

-- Name: usage_adjustments its functions write it; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "its functions write it" ON public.usage_adjustments FOR INSERT TO keyloft_definer WITH CHECK (true);

-- Name: model_prices; Type: ROW SECURITY; Schema: public; Owner: keyloft_owner

ALTER TABLE public.model_prices ENABLE ROW LEVEL SECURITY;

-- Name: ai_models owner maintains; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON public.ai_models TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: api_gateway_configs owner maintains; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON public.api_gateway_configs TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: api_keys owner maintains; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON public.api_keys TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: api_tokens owner maintains; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON public.api_tokens TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: model_prices owner maintains; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON public.model_prices TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: quota_tiers owner maintains; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON public.quota_tiers TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: settings owner maintains; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON public.settings TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: usage_adjustments owner maintains; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON public.usage_adjustments TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: usage_hourly owner maintains; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON public.usage_hourly TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: usage_records owner maintains; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON public.usage_records TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: user_profiles owner maintains; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON public.user_profiles TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: user_quota_limits owner maintains; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON public.user_quota_limits TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: user_settings owner maintains; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON public.user_settings TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: user_standing owner maintains; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON public.user_standing TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: x402_resources owner maintains; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "owner maintains" ON public.x402_resources TO keyloft_owner USING (true) WITH CHECK (true);

-- Name: user_quota_limits people change limits they set; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "people change limits they set" ON public.user_quota_limits FOR UPDATE TO authenticated USING (((user_id = ( SELECT auth.uid() AS uid)) AND (set_by = 'person'::text))) WITH CHECK (((user_id = ( SELECT auth.uid() AS uid)) AND (set_by = 'person'::text)));

-- Name: user_settings people change their own choices; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "people change their own choices" ON public.user_settings FOR UPDATE TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid))) WITH CHECK ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: user_profiles people change their own profile; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "people change their own profile" ON public.user_profiles FOR UPDATE TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid))) WITH CHECK ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: api_tokens people delete their own tokens; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "people delete their own tokens" ON public.api_tokens FOR DELETE TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: user_settings people make their own choices; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "people make their own choices" ON public.user_settings FOR INSERT TO authenticated WITH CHECK ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: api_tokens people make their own tokens; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "people make their own tokens" ON public.api_tokens FOR INSERT TO authenticated WITH CHECK ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: usage_adjustments people read their own adjustments; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "people read their own adjustments" ON public.usage_adjustments FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: usage_records people read their own calls; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "people read their own calls" ON public.usage_records FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: user_settings people read their own choices; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "people read their own choices" ON public.user_settings FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: api_gateway_configs people read their own gateway; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "people read their own gateway" ON public.api_gateway_configs FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: usage_hourly people read their own hours; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "people read their own hours" ON public.usage_hourly FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: api_keys people read their own keys; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "people read their own keys" ON public.api_keys FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: user_quota_limits people read their own limits; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "people read their own limits" ON public.user_quota_limits FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: user_profiles people read their own profile; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "people read their own profile" ON public.user_profiles FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: x402_resources people read their own resources; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "people read their own resources" ON public.x402_resources FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: user_standing people read their own standing; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "people read their own standing" ON public.user_standing FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: api_tokens people read their own tokens; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "people read their own tokens" ON public.api_tokens FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: settings people read what they were granted; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "people read what they were granted" ON public.settings FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: user_quota_limits people remove limits they set; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "people remove limits they set" ON public.user_quota_limits FOR DELETE TO authenticated USING (((user_id = ( SELECT auth.uid() AS uid)) AND (set_by = 'person'::text)));

-- Name: user_quota_limits people set limits to themselves; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "people set limits to themselves" ON public.user_quota_limits FOR INSERT TO authenticated WITH CHECK (((user_id = ( SELECT auth.uid() AS uid)) AND (set_by = 'person'::text)));

-- Name: user_profiles people write their own profile; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "people write their own profile" ON public.user_profiles FOR INSERT TO authenticated WITH CHECK ((user_id = ( SELECT auth.uid() AS uid)));

-- Name: quota_tiers; Type: ROW SECURITY; Schema: public; Owner: keyloft_owner

ALTER TABLE public.quota_tiers ENABLE ROW LEVEL SECURITY;

-- Name: settings; Type: ROW SECURITY; Schema: public; Owner: keyloft_owner

ALTER TABLE public.settings ENABLE ROW LEVEL SECURITY;

-- Name: user_settings the fallback choice is asked for; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "the fallback choice is asked for" ON public.user_settings FOR SELECT TO keyloft_definer USING (true);

-- Name: ai_models the service curates; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "the service curates" ON public.ai_models FOR UPDATE TO service_role USING (true) WITH CHECK (true);

-- Name: user_standing the service decides of people; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "the service decides of people" ON public.user_standing TO service_role USING (true) WITH CHECK (true);

-- Name: settings the service grants settings; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "the service grants settings" ON public.settings TO service_role USING (true) WITH CHECK (true);

-- Name: user_settings the service keeps choices; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "the service keeps choices" ON public.user_settings TO service_role USING (true) WITH CHECK (true);

-- Name: api_gateway_configs the service keeps gateways; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "the service keeps gateways" ON public.api_gateway_configs TO service_role USING (true) WITH CHECK (true);

-- Name: api_keys the service keeps keys; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "the service keeps keys" ON public.api_keys TO service_role USING (true) WITH CHECK (true);

-- Name: user_profiles the service keeps profiles; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "the service keeps profiles" ON public.user_profiles TO service_role USING (true) WITH CHECK (true);

-- Name: x402_resources the service keeps resources; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "the service keeps resources" ON public.x402_resources TO service_role USING (true) WITH CHECK (true);

-- Name: usage_adjustments the service reads it; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "the service reads it" ON public.usage_adjustments FOR SELECT TO service_role USING (true);

-- Name: usage_hourly the service reads it; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "the service reads it" ON public.usage_hourly FOR SELECT TO service_role USING (true);

-- Name: usage_records the service reads it; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "the service reads it" ON public.usage_records FOR SELECT TO service_role USING (true);

-- Name: quota_tiers the service sets it; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "the service sets it" ON public.quota_tiers TO service_role USING (true) WITH CHECK (true);

-- Name: user_quota_limits the service sets limits; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "the service sets limits" ON public.user_quota_limits TO service_role USING (true) WITH CHECK (true);

-- Name: api_tokens tokens are revoked, and their use is noted; Type: POLICY; Schema: public; Owner: keyloft_owner

CREATE POLICY "tokens are revoked, and their use is noted" ON public.api_tokens FOR UPDATE TO keyloft_definer USING (true) WITH CHECK (true);

-- Name: usage_adjustments; Type: ROW SECURITY; Schema: public; Owner: keyloft_owner

ALTER TABLE public.usage_adjustments ENABLE ROW LEVEL SECURITY;

-- Name: usage_hourly; Type: ROW SECURITY; Schema: public; Owner: keyloft_owner

ALTER TABLE public.usage_hourly ENABLE ROW LEVEL SECURITY;

-- Name: usage_records; Type: ROW SECURITY; Schema: public; Owner: keyloft_owner

ALTER TABLE public.usage_records ENABLE ROW LEVEL SECURITY;

-- Name: user_profiles; Type: ROW SECURITY; Schema: public; Owner: keyloft_owner

ALTER TABLE public.user_profiles ENABLE ROW LEVEL SECURITY;

-- Name: user_quota_limits; Type: ROW SECURITY; Schema: public; Owner: keyloft_owner

ALTER TABLE public.user_quota_limits ENABLE ROW LEVEL SECURITY;

-- Name: user_settings; Type: ROW SECURITY; Schema: public; Owner: keyloft_owner

ALTER TABLE public.user_settings ENABLE ROW LEVEL SECURITY;

-- Name: user_standing; Type: ROW SECURITY; Schema: public; Owner: keyloft_owner

ALTER TABLE public.user_standing ENABLE ROW LEVEL SECURITY;

-- Name: x402_resources; Type: ROW SECURITY; Schema: public; Owner: keyloft_owner

ALTER TABLE public.x402_resources ENABLE ROW LEVEL SECURITY;

-- Name: SCHEMA auth; Type: ACL; Schema: -; Owner: keyloft_owner

GRANT USAGE ON SCHEMA auth TO anon;
GRANT USAGE ON SCHEMA auth TO authenticated;
GRANT USAGE ON SCHEMA auth TO service_role;
GRANT USAGE ON SCHEMA auth TO keyloft_auth;
GRANT USAGE ON SCHEMA auth TO keyloft_definer;

-- Name: SCHEMA keyloft; Type: ACL; Schema: -; Owner: keyloft_owner

GRANT USAGE ON SCHEMA keyloft TO service_role;
GRANT USAGE ON SCHEMA keyloft TO keyloft_definer;
GRANT USAGE ON SCHEMA keyloft TO keyloft_auth;
GRANT USAGE ON SCHEMA keyloft TO keyloft_observer;

-- Name: SCHEMA keyloft_migrations; Type: ACL; Schema: -; Owner: keyloft_owner

GRANT USAGE ON SCHEMA keyloft_migrations TO keyloft_definer;

-- Name: SCHEMA pgboss; Type: ACL; Schema: -; Owner: keyloft_owner

GRANT USAGE ON SCHEMA pgboss TO keyloft_auth;

-- Name: SCHEMA public; Type: ACL; Schema: -; Owner: pg_database_owner

GRANT ALL ON SCHEMA public TO keyloft_owner;
GRANT USAGE ON SCHEMA public TO anon;
GRANT USAGE ON SCHEMA public TO authenticated;
GRANT USAGE ON SCHEMA public TO service_role;

-- Name: FUNCTION jwt(); Type: ACL; Schema: auth; Owner: keyloft_owner

REVOKE ALL ON FUNCTION auth.jwt() FROM PUBLIC;
GRANT ALL ON FUNCTION auth.jwt() TO anon;
GRANT ALL ON FUNCTION auth.jwt() TO authenticated;
GRANT ALL ON FUNCTION auth.jwt() TO service_role;

-- Name: FUNCTION role(); Type: ACL; Schema: auth; Owner: keyloft_owner

REVOKE ALL ON FUNCTION auth.role() FROM PUBLIC;
GRANT ALL ON FUNCTION auth.role() TO anon;
GRANT ALL ON FUNCTION auth.role() TO authenticated;
GRANT ALL ON FUNCTION auth.role() TO service_role;

-- Name: FUNCTION uid(); Type: ACL; Schema: auth; Owner: keyloft_owner

REVOKE ALL ON FUNCTION auth.uid() FROM PUBLIC;
GRANT ALL ON FUNCTION auth.uid() TO anon;
GRANT ALL ON FUNCTION auth.uid() TO authenticated;
GRANT ALL ON FUNCTION auth.uid() TO service_role;

-- Name: FUNCTION user_of_external_identity(issuer text, subject text, verified_email text); Type: ACL; Schema: auth; Owner: keyloft_owner

REVOKE ALL ON FUNCTION auth.user_of_external_identity(issuer text, subject text, verified_email text) FROM PUBLIC;
GRANT ALL ON FUNCTION auth.user_of_external_identity(issuer text, subject text, verified_email text) TO keyloft_auth;

-- Name: FUNCTION abandon_idempotent(in_user_id uuid, in_key text); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.abandon_idempotent(in_user_id uuid, in_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.abandon_idempotent(in_user_id uuid, in_key text) TO service_role;

-- Name: FUNCTION add_first_data_key(in_user_id uuid, in_wrapped text); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.add_first_data_key(in_user_id uuid, in_wrapped text) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.add_first_data_key(in_user_id uuid, in_wrapped text) TO service_role;

-- Name: FUNCTION add_signing_key(in_id uuid, in_public_key text, in_secret_id uuid, in_alg text, in_crv text, in_created_at timestamp with time zone, in_expires_at timestamp with time zone); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.add_signing_key(in_id uuid, in_public_key text, in_secret_id uuid, in_alg text, in_crv text, in_created_at timestamp with time zone, in_expires_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.add_signing_key(in_id uuid, in_public_key text, in_secret_id uuid, in_alg text, in_crv text, in_created_at timestamp with time zone, in_expires_at timestamp with time zone) TO service_role;

-- Name: FUNCTION alert_figures(OUT people_without_key bigint, OUT calls_left_open bigint); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.alert_figures(OUT people_without_key bigint, OUT calls_left_open bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.alert_figures(OUT people_without_key bigint, OUT calls_left_open bigint) TO service_role;

-- Name: FUNCTION anonymous_among(in_user_ids uuid[]); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.anonymous_among(in_user_ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.anonymous_among(in_user_ids uuid[]) TO keyloft_definer;

-- Name: FUNCTION another_name(in_name text, in_attempt integer); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.another_name(in_name text, in_attempt integer) FROM PUBLIC;

-- Name: FUNCTION applied_migrations(); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.applied_migrations() FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.applied_migrations() TO service_role;

-- Name: TABLE user_quota_limits; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.user_quota_limits TO keyloft_definer;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.user_quota_limits TO service_role;
GRANT SELECT,DELETE ON TABLE public.user_quota_limits TO authenticated;

-- Name: COLUMN user_quota_limits.user_id; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT INSERT(user_id) ON TABLE public.user_quota_limits TO authenticated;

-- Name: COLUMN user_quota_limits.type; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT INSERT(type) ON TABLE public.user_quota_limits TO authenticated;

-- Name: COLUMN user_quota_limits.provider; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT INSERT(provider) ON TABLE public.user_quota_limits TO authenticated;

-- Name: COLUMN user_quota_limits.model; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT INSERT(model) ON TABLE public.user_quota_limits TO authenticated;

-- Name: COLUMN user_quota_limits.spend; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT INSERT(spend) ON TABLE public.user_quota_limits TO authenticated;

-- Name: COLUMN user_quota_limits.set_by; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT INSERT(set_by) ON TABLE public.user_quota_limits TO authenticated;

-- Name: COLUMN user_quota_limits.request_limit; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT INSERT(request_limit),UPDATE(request_limit) ON TABLE public.user_quota_limits TO authenticated;

-- Name: COLUMN user_quota_limits.token_limit; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT INSERT(token_limit),UPDATE(token_limit) ON TABLE public.user_quota_limits TO authenticated;

-- Name: COLUMN user_quota_limits.cost_limit; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT INSERT(cost_limit),UPDATE(cost_limit) ON TABLE public.user_quota_limits TO authenticated;

-- Name: COLUMN user_quota_limits.is_active; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT UPDATE(is_active) ON TABLE public.user_quota_limits TO authenticated;

-- Name: FUNCTION are_limited(in_user_ids uuid[], in_platform boolean); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.are_limited(in_user_ids uuid[], in_platform boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.are_limited(in_user_ids uuid[], in_platform boolean) TO keyloft_definer;

-- Name: TABLE advances; Type: ACL; Schema: keyloft; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE keyloft.advances TO keyloft_definer;

-- Name: FUNCTION are_of_everybody(in_advances keyloft.advances[]); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.are_of_everybody(in_advances keyloft.advances[]) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.are_of_everybody(in_advances keyloft.advances[]) TO keyloft_definer;

-- Name: FUNCTION audit_api_key(); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.audit_api_key() FROM PUBLIC;

-- Name: FUNCTION audit_gateway_config(); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.audit_gateway_config() FROM PUBLIC;

-- Name: TABLE audit_log; Type: ACL; Schema: keyloft; Owner: keyloft_owner

GRANT SELECT,INSERT ON TABLE keyloft.audit_log TO keyloft_definer;

-- Name: FUNCTION audit_page(in_before bigint, in_limit integer, in_action text, in_user_id uuid, in_actor_id uuid, in_from timestamp with time zone, in_to timestamp with time zone); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.audit_page(in_before bigint, in_limit integer, in_action text, in_user_id uuid, in_actor_id uuid, in_from timestamp with time zone, in_to timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.audit_page(in_before bigint, in_limit integer, in_action text, in_user_id uuid, in_actor_id uuid, in_from timestamp with time zone, in_to timestamp with time zone) TO service_role;

-- Name: FUNCTION await_books(); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.await_books() FROM PUBLIC;

-- Name: FUNCTION begin_idempotent(in_user_id uuid, in_key text, in_request_hash bytea, keep_seconds integer, OUT outcome text, OUT status integer, OUT reply text); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.begin_idempotent(in_user_id uuid, in_key text, in_request_hash bytea, keep_seconds integer, OUT outcome text, OUT status integer, OUT reply text) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.begin_idempotent(in_user_id uuid, in_key text, in_request_hash bytea, keep_seconds integer, OUT outcome text, OUT status integer, OUT reply text) TO service_role;

-- Name: FUNCTION begin_quotas(in_user_id uuid); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.begin_quotas(in_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.begin_quotas(in_user_id uuid) TO service_role;

-- Name: TABLE presumed_reservations; Type: ACL; Schema: keyloft; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE keyloft.presumed_reservations TO keyloft_definer;

-- Name: FUNCTION book_quotas(in_user_ids uuid[], in_platform boolean, in_written keyloft.counted_call[], in_reservations keyloft.presumed_reservations[], in_presumed keyloft.presumed_reservations[]); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.book_quotas(in_user_ids uuid[], in_platform boolean, in_written keyloft.counted_call[], in_reservations keyloft.presumed_reservations[], in_presumed keyloft.presumed_reservations[]) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.book_quotas(in_user_ids uuid[], in_platform boolean, in_written keyloft.counted_call[], in_reservations keyloft.presumed_reservations[], in_presumed keyloft.presumed_reservations[]) TO keyloft_definer;

-- Name: FUNCTION bound_api_keys(); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.bound_api_keys() FROM PUBLIC;

-- Name: FUNCTION bound_quotas(); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.bound_quotas() FROM PUBLIC;

-- Name: FUNCTION check_quota(); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.check_quota() FROM PUBLIC;

-- Name: TABLE model_prices; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT ON TABLE public.model_prices TO authenticated;
GRANT SELECT ON TABLE public.model_prices TO service_role;
GRANT SELECT,INSERT ON TABLE public.model_prices TO keyloft_definer;

-- Name: FUNCTION cost_of(price public.model_prices, input_tokens bigint, cached_input_tokens bigint, cache_write_5m_tokens bigint, cache_write_1h_tokens bigint, audio_input_tokens bigint, output_tokens bigint, reasoning_tokens bigint, audio_output_tokens bigint, images bigint, searches bigint); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.cost_of(price public.model_prices, input_tokens bigint, cached_input_tokens bigint, cache_write_5m_tokens bigint, cache_write_1h_tokens bigint, audio_input_tokens bigint, output_tokens bigint, reasoning_tokens bigint, audio_output_tokens bigint, images bigint, searches bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.cost_of(price public.model_prices, input_tokens bigint, cached_input_tokens bigint, cache_write_5m_tokens bigint, cache_write_1h_tokens bigint, audio_input_tokens bigint, output_tokens bigint, reasoning_tokens bigint, audio_output_tokens bigint, images bigint, searches bigint) TO keyloft_definer;

-- Name: FUNCTION count_request(in_bucket text, window_seconds integer, OUT seen integer, OUT resets_in_seconds integer); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.count_request(in_bucket text, window_seconds integer, OUT seen integer, OUT resets_in_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.count_request(in_bucket text, window_seconds integer, OUT seen integer, OUT resets_in_seconds integer) TO service_role;

-- Name: TABLE usage_records; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT ON TABLE public.usage_records TO authenticated;
GRANT SELECT ON TABLE public.usage_records TO service_role;
GRANT SELECT,INSERT,UPDATE ON TABLE public.usage_records TO keyloft_definer;

-- Name: FUNCTION counted(written public.usage_records); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.counted(written public.usage_records) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.counted(written public.usage_records) TO keyloft_definer;

-- Name: FUNCTION data_keys_of(in_user_id uuid); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.data_keys_of(in_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.data_keys_of(in_user_id uuid) TO service_role;

-- Name: FUNCTION database_figures(); Type: ACL; Schema: keyloft; Owner: keyloft_observer

REVOKE ALL ON FUNCTION keyloft.database_figures() FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.database_figures() TO service_role;

-- Name: FUNCTION destroy_keys(in_user_id uuid); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.destroy_keys(in_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.destroy_keys(in_user_id uuid) TO service_role;

-- Name: FUNCTION draw_places(in_user_ids uuid[], in_ids uuid[], in_advance_ids uuid[], OUT drawn keyloft.presumed_reservations[], OUT presumed keyloft.presumed_reservations[]); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.draw_places(in_user_ids uuid[], in_ids uuid[], in_advance_ids uuid[], OUT drawn keyloft.presumed_reservations[], OUT presumed keyloft.presumed_reservations[]) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.draw_places(in_user_ids uuid[], in_ids uuid[], in_advance_ids uuid[], OUT drawn keyloft.presumed_reservations[], OUT presumed keyloft.presumed_reservations[]) TO keyloft_definer;

-- Name: FUNCTION drop_usage_month(in_keep_months integer); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.drop_usage_month(in_keep_months integer) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.drop_usage_month(in_keep_months integer) TO service_role;

-- Name: FUNCTION excluding_columns(in_relation regclass, in_column name); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.excluding_columns(in_relation regclass, in_column name) FROM PUBLIC;

-- Name: FUNCTION find_api_token(public_id text); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.find_api_token(public_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.find_api_token(public_id text) TO service_role;

-- Name: FUNCTION find_object(in_user_id uuid, in_object_id text); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.find_object(in_user_id uuid, in_object_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.find_object(in_user_id uuid, in_object_id text) TO service_role;

-- Name: FUNCTION find_secret(in_user_id uuid, in_id uuid); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.find_secret(in_user_id uuid, in_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.find_secret(in_user_id uuid, in_id uuid) TO service_role;

-- Name: FUNCTION finish_idempotent(in_user_id uuid, in_key text, in_status integer, in_reply text); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.finish_idempotent(in_user_id uuid, in_key text, in_status integer, in_reply text) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.finish_idempotent(in_user_id uuid, in_key text, in_status integer, in_reply text) TO service_role;

-- Name: FUNCTION forget_old_objects(in_days integer); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.forget_old_objects(in_days integer) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.forget_old_objects(in_days integer) TO service_role;

-- Name: FUNCTION forget_old_requests(); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.forget_old_requests() FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.forget_old_requests() TO service_role;

-- Name: FUNCTION forget_replaced_oauth_tokens(); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.forget_replaced_oauth_tokens() FROM PUBLIC;

-- Name: FUNCTION forget_replaced_secret(); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.forget_replaced_secret() FROM PUBLIC;

-- Name: FUNCTION forget_secret(in_user_id uuid, in_id uuid); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.forget_secret(in_user_id uuid, in_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.forget_secret(in_user_id uuid, in_id uuid) TO service_role;

-- Name: FUNCTION installation_secret(in_kind text); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.installation_secret(in_kind text) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.installation_secret(in_kind text) TO service_role;

-- Name: FUNCTION is_call(user_id uuid, id uuid, started_at timestamp with time zone, request_id text, operation text, provider text, model text, credential_source text); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.is_call(user_id uuid, id uuid, started_at timestamp with time zone, request_id text, operation text, provider text, model text, credential_source text) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.is_call(user_id uuid, id uuid, started_at timestamp with time zone, request_id text, operation text, provider text, model text, credential_source text) TO keyloft_definer;

-- Name: FUNCTION is_end(told keyloft.call_end); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.is_end(told keyloft.call_end) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.is_end(told keyloft.call_end) TO keyloft_definer;

-- Name: FUNCTION is_person(in_user_id uuid); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.is_person(in_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.is_person(in_user_id uuid) TO service_role;

-- Name: FUNCTION limit_api_key(); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.limit_api_key() FROM PUBLIC;

-- Name: FUNCTION limit_api_tokens(); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.limit_api_tokens() FROM PUBLIC;

-- Name: FUNCTION limit_platform(in_type text, in_request_limit bigint, in_token_limit bigint, in_cost_limit numeric); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.limit_platform(in_type text, in_request_limit bigint, in_token_limit bigint, in_cost_limit numeric) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.limit_platform(in_type text, in_request_limit bigint, in_token_limit bigint, in_cost_limit numeric) TO service_role;

-- Name: FUNCTION load_models(in_models jsonb, in_effective_from timestamp with time zone, in_source text, OUT new_models integer, OUT new_prices integer, OUT outdated text[]); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.load_models(in_models jsonb, in_effective_from timestamp with time zone, in_source text, OUT new_models integer, OUT new_prices integer, OUT outdated text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.load_models(in_models jsonb, in_effective_from timestamp with time zone, in_source text, OUT new_models integer, OUT new_prices integer, OUT outdated text[]) TO service_role;

-- Name: FUNCTION lock_quotas(in_user_ids uuid[], in_platform boolean, OUT locked public.user_quota_limits[], OUT begun uuid[]); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.lock_quotas(in_user_ids uuid[], in_platform boolean, OUT locked public.user_quota_limits[], OUT begun uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.lock_quotas(in_user_ids uuid[], in_platform boolean, OUT locked public.user_quota_limits[], OUT begun uuid[]) TO keyloft_definer;

-- Name: FUNCTION lower_quotas(in_user_ids uuid[], in_ids uuid[], in_started_at timestamp with time zone[], in_lowered_ids uuid[]); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.lower_quotas(in_user_ids uuid[], in_ids uuid[], in_started_at timestamp with time zone[], in_lowered_ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.lower_quotas(in_user_ids uuid[], in_ids uuid[], in_started_at timestamp with time zone[], in_lowered_ids uuid[]) TO keyloft_definer;

-- Name: FUNCTION make_usage_partitions(in_months_ahead integer); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.make_usage_partitions(in_months_ahead integer) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.make_usage_partitions(in_months_ahead integer) TO service_role;

-- Name: FUNCTION may_return(in_quota_id uuid); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.may_return(in_quota_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.may_return(in_quota_id uuid) TO service_role;

-- Name: FUNCTION most_cost_of(price public.model_prices, input_tokens bigint, output_tokens bigint, images bigint); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.most_cost_of(price public.model_prices, input_tokens bigint, output_tokens bigint, images bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.most_cost_of(price public.model_prices, input_tokens bigint, output_tokens bigint, images bigint) TO keyloft_definer;

-- Name: FUNCTION move_account(in_from uuid, in_to uuid, in_old_secrets uuid[], in_new_secrets jsonb); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.move_account(in_from uuid, in_to uuid, in_old_secrets uuid[], in_new_secrets jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.move_account(in_from uuid, in_to uuid, in_old_secrets uuid[], in_new_secrets jsonb) TO service_role;

-- Name: FUNCTION note_ends(in_ends text); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.note_ends(in_ends text) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.note_ends(in_ends text) TO service_role;

-- Name: FUNCTION note_token_use(in_ids uuid[], in_times timestamp with time zone[]); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.note_token_use(in_ids uuid[], in_times timestamp with time zone[]) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.note_token_use(in_ids uuid[], in_times timestamp with time zone[]) TO service_role;

-- Name: FUNCTION open_calls(in_user_ids uuid[], in_ids uuid[], in_started_at timestamp with time zone[], in_request_ids text[], in_operations text[], in_providers text[], in_models text[], in_credential_sources text[], in_key_ids uuid[], in_token_ids uuid[], in_decisions json[], in_most_cost_usd numeric[], in_lease_seconds integer, in_most_input_tokens bigint[], in_most_output_tokens bigint[], in_most_choices bigint[], in_most_images bigint[], in_advance_ids uuid[], in_places integer[]); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.open_calls(in_user_ids uuid[], in_ids uuid[], in_started_at timestamp with time zone[], in_request_ids text[], in_operations text[], in_providers text[], in_models text[], in_credential_sources text[], in_key_ids uuid[], in_token_ids uuid[], in_decisions json[], in_most_cost_usd numeric[], in_lease_seconds integer, in_most_input_tokens bigint[], in_most_output_tokens bigint[], in_most_choices bigint[], in_most_images bigint[], in_advance_ids uuid[], in_places integer[]) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.open_calls(in_user_ids uuid[], in_ids uuid[], in_started_at timestamp with time zone[], in_request_ids text[], in_operations text[], in_providers text[], in_models text[], in_credential_sources text[], in_key_ids uuid[], in_token_ids uuid[], in_decisions json[], in_most_cost_usd numeric[], in_lease_seconds integer, in_most_input_tokens bigint[], in_most_output_tokens bigint[], in_most_choices bigint[], in_most_images bigint[], in_advance_ids uuid[], in_places integer[]) TO service_role;

-- Name: FUNCTION owner_columns(); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.owner_columns() FROM PUBLIC;

-- Name: FUNCTION people_figures(); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.people_figures() FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.people_figures() TO service_role;

-- Name: FUNCTION post_ends(in_most integer, in_waits boolean, OUT taken integer, OUT lowered integer, OUT faulty integer); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.post_ends(in_most integer, in_waits boolean, OUT taken integer, OUT lowered integer, OUT faulty integer) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.post_ends(in_most integer, in_waits boolean, OUT taken integer, OUT lowered integer, OUT faulty integer) TO service_role;

-- Name: FUNCTION post_lines(in_lines text[], OUT lowered integer, OUT faulty integer); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.post_lines(in_lines text[], OUT lowered integer, OUT faulty integer) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.post_lines(in_lines text[], OUT lowered integer, OUT faulty integer) TO keyloft_definer;

-- Name: TABLE user_aliases; Type: ACL; Schema: keyloft; Owner: keyloft_owner

GRANT SELECT ON TABLE keyloft.user_aliases TO keyloft_definer;

-- Name: FUNCTION present_owner(in_user_id uuid); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.present_owner(in_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.present_owner(in_user_id uuid) TO service_role;

-- Name: FUNCTION present_owners(in_user_ids uuid[]); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.present_owners(in_user_ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.present_owners(in_user_ids uuid[]) TO keyloft_definer;

-- Name: FUNCTION put_secret(in_id uuid, in_user_id uuid, in_kind text, in_provider text, in_host text, in_version integer, in_sealed text); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.put_secret(in_id uuid, in_user_id uuid, in_kind text, in_provider text, in_host text, in_version integer, in_sealed text) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.put_secret(in_id uuid, in_user_id uuid, in_kind text, in_provider text, in_host text, in_version integer, in_sealed text) TO service_role;

-- Name: FUNCTION quota_counts(quota public.user_quota_limits, provider text, model text, credential_source text, key_id uuid); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.quota_counts(quota public.user_quota_limits, provider text, model text, credential_source text, key_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.quota_counts(quota public.user_quota_limits, provider text, model text, credential_source text, key_id uuid) TO keyloft_definer;

-- Name: FUNCTION record_audit(in_action text, in_user_id uuid, in_subject text, in_details jsonb); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.record_audit(in_action text, in_user_id uuid, in_subject text, in_details jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.record_audit(in_action text, in_user_id uuid, in_subject text, in_details jsonb) TO service_role;

-- Name: FUNCTION records_of(in_ends keyloft.call_end[]); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.records_of(in_ends keyloft.call_end[]) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.records_of(in_ends keyloft.call_end[]) TO keyloft_definer;

-- Name: FUNCTION refer_to_oauth_tokens(in_account_id uuid, in_user_id uuid, in_access_token uuid, in_refresh_token uuid, in_id_token uuid); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.refer_to_oauth_tokens(in_account_id uuid, in_user_id uuid, in_access_token uuid, in_refresh_token uuid, in_id_token uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.refer_to_oauth_tokens(in_account_id uuid, in_user_id uuid, in_access_token uuid, in_refresh_token uuid, in_id_token uuid) TO service_role;

-- Name: FUNCTION remember_object(in_user_id uuid, in_object_id text, in_provider text, in_credential_source text, in_key_id uuid); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.remember_object(in_user_id uuid, in_object_id text, in_provider text, in_credential_source text, in_key_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.remember_object(in_user_id uuid, in_object_id text, in_provider text, in_credential_source text, in_key_id uuid) TO service_role;

-- Name: FUNCTION renew_leases(in_user_ids uuid[], in_ids uuid[], in_lease_seconds integer); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.renew_leases(in_user_ids uuid[], in_ids uuid[], in_lease_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.renew_leases(in_user_ids uuid[], in_ids uuid[], in_lease_seconds integer) TO service_role;

-- Name: FUNCTION require_admin(); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.require_admin() FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.require_admin() TO keyloft_observer;

-- Name: FUNCTION require_service_role(); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.require_service_role() FROM PUBLIC;

-- Name: FUNCTION rerate_day(in_rerating_id uuid, in_day timestamp with time zone, in_provider text, in_model text, in_as_booked boolean, in_prices_of timestamp with time zone, in_write boolean, OUT calls bigint, OUT changed_calls bigint, OUT cost_usd numeric, OUT unpriced_requests bigint, OUT written bigint); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.rerate_day(in_rerating_id uuid, in_day timestamp with time zone, in_provider text, in_model text, in_as_booked boolean, in_prices_of timestamp with time zone, in_write boolean, OUT calls bigint, OUT changed_calls bigint, OUT cost_usd numeric, OUT unpriced_requests bigint, OUT written bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.rerate_day(in_rerating_id uuid, in_day timestamp with time zone, in_provider text, in_model text, in_as_booked boolean, in_prices_of timestamp with time zone, in_write boolean, OUT calls bigint, OUT changed_calls bigint, OUT cost_usd numeric, OUT unpriced_requests bigint, OUT written bigint) TO service_role;

-- Name: FUNCTION reserve_again(in_reservations keyloft.presumed_reservations[]); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.reserve_again(in_reservations keyloft.presumed_reservations[]) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.reserve_again(in_reservations keyloft.presumed_reservations[]) TO keyloft_definer;

-- Name: FUNCTION reserve_quotas(in_user_ids uuid[], in_ids uuid[], in_started_at timestamp with time zone[], in_providers text[], in_models text[], in_credential_sources text[], in_key_ids uuid[], in_valid boolean[], in_most_cost_usd numeric[], in_most_input_tokens bigint[], in_most_output_tokens bigint[], in_most_choices bigint[], in_most_images bigint[], in_places integer[], OUT refusals text[], OUT quota_ids text[], OUT most_tokens bigint[], OUT most_cost_usd numeric[], OUT places integer[], OUT reserved_at timestamp with time zone); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.reserve_quotas(in_user_ids uuid[], in_ids uuid[], in_started_at timestamp with time zone[], in_providers text[], in_models text[], in_credential_sources text[], in_key_ids uuid[], in_valid boolean[], in_most_cost_usd numeric[], in_most_input_tokens bigint[], in_most_output_tokens bigint[], in_most_choices bigint[], in_most_images bigint[], in_places integer[], OUT refusals text[], OUT quota_ids text[], OUT most_tokens bigint[], OUT most_cost_usd numeric[], OUT places integer[], OUT reserved_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.reserve_quotas(in_user_ids uuid[], in_ids uuid[], in_started_at timestamp with time zone[], in_providers text[], in_models text[], in_credential_sources text[], in_key_ids uuid[], in_valid boolean[], in_most_cost_usd numeric[], in_most_input_tokens bigint[], in_most_output_tokens bigint[], in_most_choices bigint[], in_most_images bigint[], in_places integer[], OUT refusals text[], OUT quota_ids text[], OUT most_tokens bigint[], OUT most_cost_usd numeric[], OUT places integer[], OUT reserved_at timestamp with time zone) TO keyloft_definer;

-- Name: FUNCTION resolver_facts(in_user_id uuid, OUT settings jsonb, OUT gateway_base_url text, OUT keys jsonb, OUT caps_own boolean, OUT caps_platform boolean); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.resolver_facts(in_user_id uuid, OUT settings jsonb, OUT gateway_base_url text, OUT keys jsonb, OUT caps_own boolean, OUT caps_platform boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.resolver_facts(in_user_id uuid, OUT settings jsonb, OUT gateway_base_url text, OUT keys jsonb, OUT caps_own boolean, OUT caps_platform boolean) TO service_role;

-- Name: FUNCTION return_places(in_ids uuid[], in_free integer[]); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.return_places(in_ids uuid[], in_free integer[]) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.return_places(in_ids uuid[], in_free integer[]) TO service_role;

-- Name: FUNCTION revoke_api_token(in_public_id text, in_secret_hash bytea); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.revoke_api_token(in_public_id text, in_secret_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.revoke_api_token(in_public_id text, in_secret_hash bytea) TO service_role;

-- Name: FUNCTION roll_up_usage(); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.roll_up_usage() FROM PUBLIC;

-- Name: FUNCTION sealed_api_key(in_api_key_id uuid); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.sealed_api_key(in_api_key_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.sealed_api_key(in_api_key_id uuid) TO authenticated;
GRANT ALL ON FUNCTION keyloft.sealed_api_key(in_api_key_id uuid) TO service_role;

-- Name: FUNCTION secrets_of(in_user_id uuid); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.secrets_of(in_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.secrets_of(in_user_id uuid) TO service_role;

-- Name: FUNCTION set_updated_at(); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.set_updated_at() FROM PUBLIC;

-- Name: FUNCTION settle_calls(in_ends keyloft.call_end[]); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.settle_calls(in_ends keyloft.call_end[]) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.settle_calls(in_ends keyloft.call_end[]) TO service_role;

-- Name: FUNCTION signal_change(); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.signal_change() FROM PUBLIC;

-- Name: FUNCTION signal_person(); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.signal_person() FROM PUBLIC;

-- Name: FUNCTION signing_keys(); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.signing_keys() FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.signing_keys() TO service_role;

-- Name: FUNCTION slow_queries(in_limit integer); Type: ACL; Schema: keyloft; Owner: keyloft_observer

REVOKE ALL ON FUNCTION keyloft.slow_queries(in_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.slow_queries(in_limit integer) TO service_role;

-- Name: FUNCTION standing_of(in_user_id uuid); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.standing_of(in_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.standing_of(in_user_id uuid) TO service_role;
GRANT ALL ON FUNCTION keyloft.standing_of(in_user_id uuid) TO keyloft_auth;

-- Name: FUNCTION sum_up_quotas(in_quotas public.user_quota_limits[], in_begun uuid[], in_written keyloft.counted_call[], in_reservations keyloft.presumed_reservations[]); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.sum_up_quotas(in_quotas public.user_quota_limits[], in_begun uuid[], in_written keyloft.counted_call[], in_reservations keyloft.presumed_reservations[]) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.sum_up_quotas(in_quotas public.user_quota_limits[], in_begun uuid[], in_written keyloft.counted_call[], in_reservations keyloft.presumed_reservations[]) TO keyloft_definer;

-- Name: FUNCTION sweep_calls(in_limit integer); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.sweep_calls(in_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.sweep_calls(in_limit integer) TO service_role;

-- Name: FUNCTION tiers_of(in_user_ids uuid[]); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.tiers_of(in_user_ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.tiers_of(in_user_ids uuid[]) TO service_role;

-- Name: FUNCTION token_mark_key(); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.token_mark_key() FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.token_mark_key() TO service_role;

-- Name: FUNCTION used_before(quota public.user_quota_limits, begins timestamp with time zone, OUT requests bigint, OUT tokens bigint, OUT cost numeric); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.used_before(quota public.user_quota_limits, begins timestamp with time zone, OUT requests bigint, OUT tokens bigint, OUT cost numeric) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.used_before(quota public.user_quota_limits, begins timestamp with time zone, OUT requests bigint, OUT tokens bigint, OUT cost numeric) TO keyloft_definer;

-- Name: FUNCTION uses_of_keys(in_user_id uuid, in_key_ids uuid[], in_now timestamp with time zone); Type: ACL; Schema: keyloft; Owner: keyloft_definer

REVOKE ALL ON FUNCTION keyloft.uses_of_keys(in_user_id uuid, in_key_ids uuid[], in_now timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.uses_of_keys(in_user_id uuid, in_key_ids uuid[], in_now timestamp with time zone) TO service_role;

-- Name: FUNCTION verdicts_of(in_ids uuid[], written_ids uuid[], written text, invalid bigint[]); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.verdicts_of(in_ids uuid[], written_ids uuid[], written text, invalid bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.verdicts_of(in_ids uuid[], written_ids uuid[], written text, invalid bigint[]) TO keyloft_definer;

-- Name: FUNCTION window_begins(quota_type text, at timestamp with time zone); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.window_begins(quota_type text, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.window_begins(quota_type text, at timestamp with time zone) TO keyloft_definer;

-- Name: FUNCTION window_ends(quota_type text, at timestamp with time zone); Type: ACL; Schema: keyloft; Owner: keyloft_owner

REVOKE ALL ON FUNCTION keyloft.window_ends(quota_type text, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION keyloft.window_ends(quota_type text, at timestamp with time zone) TO keyloft_definer;

-- Name: FUNCTION create_queue(queue_name text, options jsonb); Type: ACL; Schema: pgboss; Owner: keyloft_owner

REVOKE ALL ON FUNCTION pgboss.create_queue(queue_name text, options jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION pgboss.create_queue(queue_name text, options jsonb) TO keyloft_auth;

-- Name: FUNCTION delete_queue(queue_name text); Type: ACL; Schema: pgboss; Owner: keyloft_owner

REVOKE ALL ON FUNCTION pgboss.delete_queue(queue_name text) FROM PUBLIC;
GRANT ALL ON FUNCTION pgboss.delete_queue(queue_name text) TO keyloft_auth;

-- Name: FUNCTION job_now(); Type: ACL; Schema: pgboss; Owner: keyloft_owner

REVOKE ALL ON FUNCTION pgboss.job_now() FROM PUBLIC;
GRANT ALL ON FUNCTION pgboss.job_now() TO keyloft_auth;

-- Name: FUNCTION job_table_format(command text, table_name text); Type: ACL; Schema: pgboss; Owner: keyloft_owner

REVOKE ALL ON FUNCTION pgboss.job_table_format(command text, table_name text) FROM PUBLIC;
GRANT ALL ON FUNCTION pgboss.job_table_format(command text, table_name text) TO keyloft_auth;

-- Name: FUNCTION job_table_run(command text, tbl_name text, queue_name text); Type: ACL; Schema: pgboss; Owner: keyloft_owner

REVOKE ALL ON FUNCTION pgboss.job_table_run(command text, tbl_name text, queue_name text) FROM PUBLIC;
GRANT ALL ON FUNCTION pgboss.job_table_run(command text, tbl_name text, queue_name text) TO keyloft_auth;

-- Name: FUNCTION job_table_run_async(command_name text, version integer, command text, tbl_name text, queue_name text); Type: ACL; Schema: pgboss; Owner: keyloft_owner

REVOKE ALL ON FUNCTION pgboss.job_table_run_async(command_name text, version integer, command text, tbl_name text, queue_name text) FROM PUBLIC;
GRANT ALL ON FUNCTION pgboss.job_table_run_async(command_name text, version integer, command text, tbl_name text, queue_name text) TO keyloft_auth;

-- Name: FUNCTION check_byok_vault_health(); Type: ACL; Schema: public; Owner: keyloft_definer

REVOKE ALL ON FUNCTION public.check_byok_vault_health() FROM PUBLIC;
GRANT ALL ON FUNCTION public.check_byok_vault_health() TO service_role;

-- Name: FUNCTION delete_user_api_key(p_user_id uuid, p_service text); Type: ACL; Schema: public; Owner: keyloft_definer

REVOKE ALL ON FUNCTION public.delete_user_api_key(p_user_id uuid, p_service text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.delete_user_api_key(p_user_id uuid, p_service text) TO service_role;

-- Name: FUNCTION delete_user_gateway_config(p_user_id uuid); Type: ACL; Schema: public; Owner: keyloft_definer

REVOKE ALL ON FUNCTION public.delete_user_gateway_config(p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.delete_user_gateway_config(p_user_id uuid) TO service_role;

-- Name: FUNCTION get_user_allow_gateway_fallback(p_user_id uuid); Type: ACL; Schema: public; Owner: keyloft_definer

REVOKE ALL ON FUNCTION public.get_user_allow_gateway_fallback(p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_user_allow_gateway_fallback(p_user_id uuid) TO service_role;

-- Name: FUNCTION get_user_api_key(p_user_id uuid, p_service text); Type: ACL; Schema: public; Owner: keyloft_definer

REVOKE ALL ON FUNCTION public.get_user_api_key(p_user_id uuid, p_service text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_user_api_key(p_user_id uuid, p_service text) TO service_role;

-- Name: FUNCTION get_user_gateway_base_url(p_user_id uuid); Type: ACL; Schema: public; Owner: keyloft_definer

REVOKE ALL ON FUNCTION public.get_user_gateway_base_url(p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_user_gateway_base_url(p_user_id uuid) TO service_role;

-- Name: FUNCTION insert_user_api_key(p_user_id uuid, p_service text, p_api_key text, p_host text, p_key_hint text, p_fingerprint text); Type: ACL; Schema: public; Owner: keyloft_definer

REVOKE ALL ON FUNCTION public.insert_user_api_key(p_user_id uuid, p_service text, p_api_key text, p_host text, p_key_hint text, p_fingerprint text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.insert_user_api_key(p_user_id uuid, p_service text, p_api_key text, p_host text, p_key_hint text, p_fingerprint text) TO service_role;

-- Name: FUNCTION touch_user_api_key(p_user_id uuid, p_service text); Type: ACL; Schema: public; Owner: keyloft_definer

REVOKE ALL ON FUNCTION public.touch_user_api_key(p_user_id uuid, p_service text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.touch_user_api_key(p_user_id uuid, p_service text) TO service_role;

-- Name: FUNCTION upsert_user_gateway_config(p_user_id uuid, p_base_url text); Type: ACL; Schema: public; Owner: keyloft_definer

REVOKE ALL ON FUNCTION public.upsert_user_gateway_config(p_user_id uuid, p_base_url text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.upsert_user_gateway_config(p_user_id uuid, p_base_url text) TO service_role;

-- Name: TABLE accounts; Type: ACL; Schema: auth; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.accounts TO keyloft_auth;

-- Name: COLUMN accounts.id; Type: ACL; Schema: auth; Owner: keyloft_owner

GRANT SELECT(id) ON TABLE auth.accounts TO keyloft_definer;

-- Name: COLUMN accounts.user_id; Type: ACL; Schema: auth; Owner: keyloft_owner

GRANT SELECT(user_id) ON TABLE auth.accounts TO keyloft_definer;

-- Name: COLUMN accounts.provider_id; Type: ACL; Schema: auth; Owner: keyloft_owner

GRANT SELECT(provider_id) ON TABLE auth.accounts TO keyloft_definer;

-- Name: COLUMN accounts.access_token; Type: ACL; Schema: auth; Owner: keyloft_owner

GRANT SELECT(access_token),UPDATE(access_token) ON TABLE auth.accounts TO keyloft_definer;

-- Name: COLUMN accounts.refresh_token; Type: ACL; Schema: auth; Owner: keyloft_owner

GRANT SELECT(refresh_token),UPDATE(refresh_token) ON TABLE auth.accounts TO keyloft_definer;

-- Name: COLUMN accounts.id_token; Type: ACL; Schema: auth; Owner: keyloft_owner

GRANT SELECT(id_token),UPDATE(id_token) ON TABLE auth.accounts TO keyloft_definer;

-- Name: TABLE external_identities; Type: ACL; Schema: auth; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE ON TABLE auth.external_identities TO keyloft_auth;

-- Name: TABLE jwks; Type: ACL; Schema: auth; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.jwks TO keyloft_auth;
GRANT SELECT,INSERT ON TABLE auth.jwks TO keyloft_definer;

-- Name: TABLE sessions; Type: ACL; Schema: auth; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.sessions TO keyloft_auth;

-- Name: TABLE users; Type: ACL; Schema: auth; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.users TO keyloft_auth;

-- Name: COLUMN users.id; Type: ACL; Schema: auth; Owner: keyloft_owner

GRANT SELECT(id) ON TABLE auth.users TO keyloft_definer;

-- Name: COLUMN users.is_anonymous; Type: ACL; Schema: auth; Owner: keyloft_owner

GRANT SELECT(is_anonymous) ON TABLE auth.users TO keyloft_definer;

-- Name: COLUMN users.created_at; Type: ACL; Schema: auth; Owner: keyloft_owner

GRANT SELECT(created_at) ON TABLE auth.users TO keyloft_definer;

-- Name: TABLE verifications; Type: ACL; Schema: auth; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE auth.verifications TO keyloft_auth;

-- Name: TABLE data_keys; Type: ACL; Schema: keyloft; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE keyloft.data_keys TO keyloft_definer;

-- Name: TABLE holds; Type: ACL; Schema: keyloft; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE keyloft.holds TO keyloft_definer;

-- Name: TABLE idempotent_requests; Type: ACL; Schema: keyloft; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE keyloft.idempotent_requests TO keyloft_definer;

-- Name: TABLE journal; Type: ACL; Schema: keyloft; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE keyloft.journal TO keyloft_definer;

-- Name: TABLE provider_objects; Type: ACL; Schema: keyloft; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE keyloft.provider_objects TO keyloft_definer;

-- Name: TABLE request_counts; Type: ACL; Schema: keyloft; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE keyloft.request_counts TO keyloft_definer;

-- Name: TABLE secrets; Type: ACL; Schema: keyloft; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE ON TABLE keyloft.secrets TO keyloft_definer;

-- Name: TABLE token_marks; Type: ACL; Schema: keyloft; Owner: keyloft_owner

GRANT SELECT ON TABLE keyloft.token_marks TO keyloft_definer;

-- Name: TABLE applied; Type: ACL; Schema: keyloft_migrations; Owner: keyloft_owner

GRANT SELECT ON TABLE keyloft_migrations.applied TO keyloft_definer;

-- Name: TABLE files; Type: ACL; Schema: keyloft_migrations; Owner: keyloft_owner

GRANT SELECT ON TABLE keyloft_migrations.files TO keyloft_definer;

-- Name: TABLE bam; Type: ACL; Schema: pgboss; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE pgboss.bam TO keyloft_auth;

-- Name: TABLE job; Type: ACL; Schema: pgboss; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE pgboss.job TO keyloft_auth;

-- Name: TABLE job_common; Type: ACL; Schema: pgboss; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE pgboss.job_common TO keyloft_auth;

-- Name: TABLE job_dependency; Type: ACL; Schema: pgboss; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE pgboss.job_dependency TO keyloft_auth;

-- Name: TABLE queue; Type: ACL; Schema: pgboss; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE pgboss.queue TO keyloft_auth;

-- Name: TABLE queue_stats; Type: ACL; Schema: pgboss; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE pgboss.queue_stats TO keyloft_auth;

-- Name: TABLE schedule; Type: ACL; Schema: pgboss; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE pgboss.schedule TO keyloft_auth;

-- Name: TABLE subscription; Type: ACL; Schema: pgboss; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE pgboss.subscription TO keyloft_auth;

-- Name: TABLE version; Type: ACL; Schema: pgboss; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE pgboss.version TO keyloft_auth;

-- Name: TABLE warning; Type: ACL; Schema: pgboss; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE pgboss.warning TO keyloft_auth;

-- Name: TABLE ai_models; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT ON TABLE public.ai_models TO authenticated;
GRANT SELECT ON TABLE public.ai_models TO service_role;
GRANT SELECT,INSERT,UPDATE ON TABLE public.ai_models TO keyloft_definer;

-- Name: COLUMN ai_models.is_active; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT UPDATE(is_active) ON TABLE public.ai_models TO service_role;

-- Name: COLUMN ai_models.is_curated; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT UPDATE(is_curated) ON TABLE public.ai_models TO service_role;

-- Name: TABLE api_gateway_configs; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.api_gateway_configs TO service_role;
GRANT SELECT ON TABLE public.api_gateway_configs TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.api_gateway_configs TO keyloft_definer;

-- Name: TABLE api_keys; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.api_keys TO service_role;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.api_keys TO keyloft_definer;

-- Name: COLUMN api_keys.id; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(id) ON TABLE public.api_keys TO authenticated;

-- Name: COLUMN api_keys.user_id; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(user_id) ON TABLE public.api_keys TO authenticated;

-- Name: COLUMN api_keys.service; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(service) ON TABLE public.api_keys TO authenticated;

-- Name: COLUMN api_keys.key_name; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(key_name) ON TABLE public.api_keys TO authenticated;

-- Name: COLUMN api_keys.key_hint; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(key_hint) ON TABLE public.api_keys TO authenticated;

-- Name: COLUMN api_keys.fingerprint; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(fingerprint) ON TABLE public.api_keys TO authenticated;

-- Name: COLUMN api_keys.priority; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(priority) ON TABLE public.api_keys TO authenticated;

-- Name: COLUMN api_keys.is_enabled; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(is_enabled) ON TABLE public.api_keys TO authenticated;

-- Name: COLUMN api_keys.is_valid; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(is_valid) ON TABLE public.api_keys TO authenticated;

-- Name: COLUMN api_keys.last_verified_at; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(last_verified_at) ON TABLE public.api_keys TO authenticated;

-- Name: COLUMN api_keys.validation_error; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(validation_error) ON TABLE public.api_keys TO authenticated;

-- Name: COLUMN api_keys.daily_limit; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(daily_limit) ON TABLE public.api_keys TO authenticated;

-- Name: COLUMN api_keys.monthly_limit; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(monthly_limit) ON TABLE public.api_keys TO authenticated;

-- Name: COLUMN api_keys.last_used; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(last_used) ON TABLE public.api_keys TO authenticated;

-- Name: COLUMN api_keys.created_at; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(created_at) ON TABLE public.api_keys TO authenticated;

-- Name: COLUMN api_keys.updated_at; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(updated_at) ON TABLE public.api_keys TO authenticated;

-- Name: TABLE api_tokens; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT ON TABLE public.api_tokens TO keyloft_definer;
GRANT DELETE ON TABLE public.api_tokens TO authenticated;

-- Name: COLUMN api_tokens.id; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(id),INSERT(id) ON TABLE public.api_tokens TO authenticated;

-- Name: COLUMN api_tokens.user_id; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(user_id),INSERT(user_id) ON TABLE public.api_tokens TO authenticated;

-- Name: COLUMN api_tokens.name; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(name),INSERT(name) ON TABLE public.api_tokens TO authenticated;

-- Name: COLUMN api_tokens.public_id; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(public_id),INSERT(public_id) ON TABLE public.api_tokens TO authenticated;

-- Name: COLUMN api_tokens.secret_hash; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT INSERT(secret_hash) ON TABLE public.api_tokens TO authenticated;

-- Name: COLUMN api_tokens.token_prefix; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(token_prefix),INSERT(token_prefix) ON TABLE public.api_tokens TO authenticated;

-- Name: COLUMN api_tokens.scopes; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(scopes),INSERT(scopes) ON TABLE public.api_tokens TO authenticated;

-- Name: COLUMN api_tokens.allowed_models; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(allowed_models),INSERT(allowed_models) ON TABLE public.api_tokens TO authenticated;

-- Name: COLUMN api_tokens.expires_at; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(expires_at),INSERT(expires_at) ON TABLE public.api_tokens TO authenticated;

-- Name: COLUMN api_tokens.last_used_at; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(last_used_at) ON TABLE public.api_tokens TO authenticated;
GRANT UPDATE(last_used_at) ON TABLE public.api_tokens TO keyloft_definer;

-- Name: COLUMN api_tokens.revoked_at; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(revoked_at) ON TABLE public.api_tokens TO authenticated;
GRANT UPDATE(revoked_at) ON TABLE public.api_tokens TO keyloft_definer;

-- Name: COLUMN api_tokens.created_at; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT(created_at) ON TABLE public.api_tokens TO authenticated;

-- Name: TABLE quota_tiers; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.quota_tiers TO service_role;
GRANT SELECT ON TABLE public.quota_tiers TO authenticated;
GRANT SELECT ON TABLE public.quota_tiers TO keyloft_definer;

-- Name: TABLE settings; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.settings TO service_role;
GRANT SELECT ON TABLE public.settings TO authenticated;

-- Name: TABLE usage_adjustments; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT ON TABLE public.usage_adjustments TO authenticated;
GRANT SELECT ON TABLE public.usage_adjustments TO service_role;
GRANT SELECT,INSERT ON TABLE public.usage_adjustments TO keyloft_definer;

-- Name: TABLE usage_hourly; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT ON TABLE public.usage_hourly TO authenticated;
GRANT SELECT ON TABLE public.usage_hourly TO service_role;
GRANT SELECT,INSERT,UPDATE ON TABLE public.usage_hourly TO keyloft_definer;

-- Name: TABLE user_openrouter_integrations; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT ON TABLE public.user_openrouter_integrations TO authenticated;
GRANT SELECT ON TABLE public.user_openrouter_integrations TO service_role;

-- Name: TABLE user_profiles; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.user_profiles TO service_role;
GRANT SELECT ON TABLE public.user_profiles TO authenticated;

-- Name: COLUMN user_profiles.user_id; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT INSERT(user_id) ON TABLE public.user_profiles TO authenticated;

-- Name: COLUMN user_profiles.display_name; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT INSERT(display_name),UPDATE(display_name) ON TABLE public.user_profiles TO authenticated;

-- Name: COLUMN user_profiles.bio; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT INSERT(bio),UPDATE(bio) ON TABLE public.user_profiles TO authenticated;

-- Name: COLUMN user_profiles.avatar_url; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT INSERT(avatar_url),UPDATE(avatar_url) ON TABLE public.user_profiles TO authenticated;

-- Name: COLUMN user_profiles.preferences; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT INSERT(preferences),UPDATE(preferences) ON TABLE public.user_profiles TO authenticated;

-- Name: TABLE user_settings; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.user_settings TO service_role;
GRANT SELECT ON TABLE public.user_settings TO authenticated;
GRANT SELECT ON TABLE public.user_settings TO keyloft_definer;

-- Name: COLUMN user_settings.user_id; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT INSERT(user_id) ON TABLE public.user_settings TO authenticated;

-- Name: COLUMN user_settings.allow_gateway_fallback; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT INSERT(allow_gateway_fallback),UPDATE(allow_gateway_fallback) ON TABLE public.user_settings TO authenticated;

-- Name: COLUMN user_settings.own_keys_only; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT INSERT(own_keys_only),UPDATE(own_keys_only) ON TABLE public.user_settings TO authenticated;

-- Name: TABLE user_standing; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.user_standing TO service_role;
GRANT SELECT ON TABLE public.user_standing TO authenticated;
GRANT SELECT ON TABLE public.user_standing TO keyloft_definer;

-- Name: TABLE x402_resources; Type: ACL; Schema: public; Owner: keyloft_owner

GRANT SELECT ON TABLE public.x402_resources TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.x402_resources TO service_role;

-- Name: DEFAULT PRIVILEGES FOR FUNCTIONS; Type: DEFAULT ACL; Schema: -; Owner: keyloft_definer

ALTER DEFAULT PRIVILEGES FOR ROLE keyloft_definer REVOKE ALL ON FUNCTIONS  FROM PUBLIC;

-- Name: DEFAULT PRIVILEGES FOR FUNCTIONS; Type: DEFAULT ACL; Schema: -; Owner: keyloft_owner

ALTER DEFAULT PRIVILEGES FOR ROLE keyloft_owner REVOKE ALL ON FUNCTIONS  FROM PUBLIC;
