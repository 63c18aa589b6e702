-- What every service stands on: the context of a transaction, the kinds of caller, and the tables that are
-- written in the same transaction as whatever a service writes.

create schema platform;

-- Nobody may do anything here that is not granted below.
revoke all on schema platform from public;
revoke all on schema migrations from public;
revoke create on schema public from public;
do $$ begin
  execute format('revoke all on database %I from public', current_database());
end $$;
alter default privileges revoke execute on functions from public;

-- Injected SQL must not be able to change the context. Only the owner of the cluster can take this away;
-- elsewhere the self-check says that this wall is missing.
do $$ begin
  revoke execute on function pg_catalog.set_config(text, text, boolean) from public;
exception when insufficient_privilege then
  raise warning 'set_config stays executable: this cluster is not ours';
end $$;

-- The kinds of caller. A login role of a service belongs to exactly one.
do $$
declare kind text;
begin
  foreach kind in array array['borough', 'partner', 'region', 'platform', 'issuer', 'work'] loop
    begin
      execute format('create role kind_%s nologin', kind);
    exception when duplicate_object or unique_violation then null;
    end;
    execute format('grant usage on schema platform to kind_%s', kind);
  end loop;
end $$;

-- Makes the login role of a service for one kind of caller. Passwords are set from outside.
create function platform.make_login(service text, kind text) returns void language plpgsql as $$
declare login text := service || '_' || kind;
begin
  begin
    execute format('create role %I login', login);
  exception when duplicate_object or unique_violation then null;
  end;
  execute format('grant kind_%s to %I', kind, login);
  execute format('grant connect on database %I to %I', current_database(), login);
  execute format('grant usage on schema %I to %I', service, login);
  -- A transaction that waits this long is in somebody's way.
  execute format('alter role %I set statement_timeout = %L', login, '15s');
  execute format('alter role %I set lock_timeout = %L', login, '5s');
  execute format('alter role %I set idle_in_transaction_session_timeout = %L', login, '15s');
  execute format('alter role %I set search_path = %L', login, '');
end $$;
revoke execute on function platform.make_login(text, text) from public;

-- The context. Unset it is an error wherever a row is looked at: never nothing, never everything.
create domain platform.ods as text check (value ~ '^[A-Z0-9]{3,6}$');
create domain platform.slug as text check (value ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(value) <= 60);

create function platform.borough() returns uuid language sql stable parallel safe
  return pg_catalog.current_setting('tenfold.borough')::uuid;
create function platform.partner() returns text language sql stable parallel safe
  return pg_catalog.current_setting('tenfold.partner')::platform.ods;
create function platform.region() returns text language sql stable parallel safe
  return pg_catalog.current_setting('tenfold.region')::platform.slug;
-- The service a login role belongs to: budgets_borough is of budgets.
create function platform.service() returns text language sql stable parallel safe
  return pg_catalog.split_part(current_user::text, '_', 1);

grant execute on function platform.borough() to kind_borough;
grant execute on function platform.partner() to kind_partner;
grant execute on function platform.region() to kind_region;
grant execute on function platform.service() to kind_borough, kind_platform, kind_work;

-- Tokens issued at or before `not_before` are refused. Holds no secret; every service reads all of it.
create table platform.borough_epoch (
  borough_id uuid primary key,
  not_before timestamptz not null,
  reason text not null check (length(reason) between 1 and 500)
);
create table platform.client_epoch (
  client_id text primary key check (length(client_id) between 1 and 120),
  borough_id uuid,
  not_before timestamptz not null,
  reason text not null check (length(reason) between 1 and 500)
);

-- The first answer to each key, kept 24 hours. Holds no secret.
create table platform.idempotency (
  borough_id uuid not null,
  client_id text not null,
  key text not null check (length(key) between 1 and 128),
  fingerprint bytea not null check (length(fingerprint) = 32),
  status smallint not null,
  headers jsonb not null,
  body bytea not null,
  created_at timestamptz not null,
  primary key (borough_id, client_id, key)
);
create index on platform.idempotency (created_at);
create table platform.office_idempotency (
  client_id text not null,
  key text not null check (length(key) between 1 and 128),
  fingerprint bytea not null check (length(fingerprint) = 32),
  status smallint not null,
  headers jsonb not null,
  body bytea not null,
  created_at timestamptz not null,
  primary key (client_id, key)
);
create index on platform.office_idempotency (created_at);

-- Who did what, when, from where, and what it was before and after. Append-only.
create table platform.audit (
  borough_id uuid not null,
  audit_id uuid not null,
  at timestamptz not null,
  client_id text not null,
  role text not null,
  request_id text not null,
  address text not null,
  action text not null,
  subject text not null,
  before jsonb,
  after jsonb,
  primary key (borough_id, audit_id)
);
-- The platform's own acts, which concern no borough.
create table platform.office_audit (
  audit_id uuid primary key,
  at timestamptz not null,
  client_id text not null,
  role text not null,
  request_id text not null,
  address text not null,
  action text not null,
  subject text not null,
  before jsonb,
  after jsonb
);

-- Events on their way out, written with what they tell of.
create table platform.outbox (
  borough_id uuid not null,
  event_id uuid not null,
  position bigint generated always as identity,
  service text not null,
  kind text not null,
  aggregate text not null,
  payload jsonb not null,
  at timestamptz not null,
  relayed_at timestamptz,
  primary key (borough_id, event_id)
);
create index outbox_waiting on platform.outbox (service, position) where relayed_at is null;
-- Events that have arrived, once per consumer.
create table platform.inbox (
  borough_id uuid not null,
  consumer text not null,
  event_id uuid not null,
  position bigint not null,
  kind text not null,
  aggregate text not null,
  payload jsonb not null,
  arrived_at timestamptz not null,
  done_at timestamptz,
  attempts integer not null default 0,
  failure text,
  primary key (borough_id, consumer, event_id)
);
create index inbox_waiting on platform.inbox (consumer, position) where done_at is null;

do $$
declare t text;
begin
  foreach t in array array['borough_epoch', 'client_epoch', 'idempotency', 'office_idempotency', 'audit',
                           'office_audit', 'outbox', 'inbox'] loop
    execute format('alter table platform.%I enable row level security', t);
    execute format('alter table platform.%I force row level security', t);
  end loop;
end $$;

-- Epochs: every service's work reads them; the platform and a borough's own administrator write them.
create policy work on platform.borough_epoch for select to kind_work using (true);
create policy platform on platform.borough_epoch to kind_platform using (true) with check (true);
grant select on platform.borough_epoch to kind_work;
grant select, insert, update on platform.borough_epoch to kind_platform;
create policy work on platform.client_epoch for select to kind_work using (true);
create policy platform on platform.client_epoch to kind_platform using (true) with check (true);
create policy borough on platform.client_epoch to kind_borough
  using (borough_id = (select platform.borough())) with check (borough_id = (select platform.borough()));
grant select on platform.client_epoch to kind_work;
grant select, insert, update on platform.client_epoch to kind_platform;

create policy borough on platform.idempotency to kind_borough
  using (borough_id = (select platform.borough())) with check (borough_id = (select platform.borough()));
grant select, insert, update on platform.idempotency to kind_borough;
create policy work on platform.idempotency to kind_work using (true);
grant select (created_at), delete on platform.idempotency to kind_work;
create policy platform on platform.office_idempotency to kind_platform using (true) with check (true);
grant select, insert, update on platform.office_idempotency to kind_platform;
create policy work on platform.office_idempotency to kind_work using (true);
grant select (created_at), delete on platform.office_idempotency to kind_work;

create policy borough on platform.audit to kind_borough
  using (borough_id = (select platform.borough())) with check (borough_id = (select platform.borough()));
create policy platform on platform.audit for insert to kind_platform with check (true);
grant insert on platform.audit to kind_borough, kind_platform;
create policy platform on platform.office_audit to kind_platform using (true) with check (true);
grant select, insert on platform.office_audit to kind_platform;

create policy borough on platform.outbox for insert to kind_borough
  with check (borough_id = (select platform.borough()) and service = (select platform.service()));
create policy platform on platform.outbox for insert to kind_platform
  with check (service = (select platform.service()));
create policy work on platform.outbox to kind_work
  using (service = (select platform.service())) with check (service = (select platform.service()));
grant insert (borough_id, event_id, service, kind, aggregate, payload, at) on platform.outbox to kind_borough, kind_platform;
grant select, update (relayed_at), delete on platform.outbox to kind_work;

create policy borough on platform.inbox to kind_borough
  using (borough_id = (select platform.borough()) and consumer = (select platform.service()))
  with check (borough_id = (select platform.borough()) and consumer = (select platform.service()));
create policy work_arrives on platform.inbox for insert to kind_work with check (true);
create policy work on platform.inbox to kind_work
  using (consumer = (select platform.service())) with check (consumer = (select platform.service()));
grant select, update (done_at) on platform.inbox to kind_borough;
grant select, insert, update (attempts, failure), delete on platform.inbox to kind_work;
