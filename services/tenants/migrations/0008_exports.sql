-- Archives of everything a borough owns, and the login roles that make them, put them back and destroy.
select platform.make_login('tenants', kind) from unnest(array['archive', 'restore', 'purge']) kind;
-- A borough's whole record is read, put or destroyed in one transaction.
do $$
declare login text;
begin
  foreach login in array array['tenants_archive', 'tenants_restore', 'tenants_purge'] loop
    execute format('alter role %I set statement_timeout = %L', login, '2h');
    execute format('alter role %I set idle_in_transaction_session_timeout = %L', login, '10min');
    -- An archive is the same wherever it is made.
    execute format('alter role %I set timezone = %L', login, 'UTC');
  end loop;
end $$;
-- Nobody logs in to restore: the operator, who owns the database, becomes the role for one transaction.
alter role tenants_restore nologin;
do $$ begin execute format('grant tenants_restore to %I', current_user); end $$;
grant usage on schema tenants to kind_archive, kind_restore, kind_purge;

create table tenants.export (
  borough_id uuid not null references tenants.borough,
  export_id uuid not null,
  reason text not null check (length(reason) between 1 and 500),
  state text not null check (state in ('waiting', 'making', 'made', 'failed', 'expired')),
  asked_by text not null,
  asked_at timestamptz not null,
  -- Whoever makes it says every few seconds that it is still there.
  seen_at timestamptz,
  attempts integer not null default 0,
  done integer not null default 0,
  total integer not null default 0,
  made_at timestamptz,
  settled boolean,
  bytes bigint,
  sha256 bytea check (length(sha256) = 32),
  manifest jsonb,
  failure text check (length(failure) between 1 and 500),
  expires_at timestamptz,
  version bigint not null default 1,
  primary key (borough_id, export_id),
  check ((state in ('made', 'expired')) = (made_at is not null)),
  check ((made_at is null) = (manifest is null))
);
create index export_waiting on tenants.export (asked_at) where state in ('waiting', 'making', 'made');
alter table tenants.export enable row level security;
alter table tenants.export force row level security;
create policy borough on tenants.export to tenants_borough
  using (borough_id = (select platform.borough())) with check (borough_id = (select platform.borough()));
grant select, insert,
  update (state, seen_at, attempts, done, total, made_at, settled, bytes, sha256, manifest, failure, expires_at, version)
  on tenants.export to tenants_borough;
-- Work sees which export of which borough waits, or is past its time.
create policy work on tenants.export for select to tenants_work using (state in ('waiting', 'making', 'made'));
grant select (borough_id, export_id, state, seen_at, asked_at, expires_at) on tenants.export to tenants_work;

select platform.keep_in_archive('tenants.borough', kept_for_good => true);
select platform.keep_in_archive('tenants.borough_move', kept_for_good => true);
select platform.keep_in_archive('tenants.region_borough', kept_for_good => true);
select platform.keep_in_archive('tenants.organisation');
select platform.keep_in_archive('tenants.organisation_alias');
select platform.keep_in_archive('tenants.succession');
select platform.keep_in_archive('tenants.security_contact');
select platform.keep_in_archive('tenants.data_sharing_agreement');
select platform.keep_in_archive('tenants.set_up_step');
select platform.keep_in_archive('tenants.waiver');
select platform.keep_in_archive('tenants.client', secret => array['secret_hash', 'secret_hint']);
-- Public keys: a secret is no more in an archive than its hash.
select platform.keep_in_archive('tenants.client_key', secret => array['secret_hash'], only_where => $$kind = 'public_key'$$);
select platform.keep_in_archive('tenants.client_key_move', only_where =>
  'exists (select from tenants.client_key k where k.client_id = client_key_move.client_id and k.key_id = client_key_move.key_id)');
select platform.keep_in_archive('tenants.issuer');
select platform.keep_in_archive('tenants.issuer_move');
select platform.keep_in_archive('tenants.member');
select platform.keep_in_archive('tenants.member_move');
-- An invitation is good for days, and is nothing without the hash of its code.
select platform.let_be_purged('tenants.invitation');
select platform.let_be_purged('tenants.spent_id_token');
select platform.keep_in_archive('tenants.webhook');
select platform.keep_in_archive('tenants.webhook_move');
select platform.keep_in_archive('tenants.webhook_cursor');
select platform.keep_in_archive('tenants.webhook_delivery');
select platform.keep_in_archive('tenants.webhook_attempt');
select platform.keep_in_archive('tenants.export', secret => array['seen_at']);
select platform.let_be_purged('tenants.webhook_secret');

-- The regions that expect the borough, by name, so that another instance can make them.
create policy archive on tenants.region for select to kind_archive using (exists (
  select from tenants.region_borough r where r.region = region.region and r.borough_id = (select platform.borough())));
grant select on tenants.region to kind_archive;
create policy restore on tenants.region for insert to kind_restore with check (true);
create policy restore_reads on tenants.region for select to kind_restore using (true);
grant select, insert on tenants.region to kind_restore;
-- Whether the borough is there already; and a new secret for an administrator, since none is in an archive.
create policy restore_reads on tenants.borough for select to kind_restore using (true);
grant select (borough_id, slug, gss, mode) on tenants.borough to kind_restore;
create policy restore_reads on tenants.client for select to kind_restore
  using (borough_id = (select platform.borough()));
grant select (client_id, borough_id, role, authentication, revoked_at, expires_at, created_at) on tenants.client to kind_restore;
