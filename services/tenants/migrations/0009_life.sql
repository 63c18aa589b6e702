-- The whole life of a borough: named before it is opened, and after it is live left, closed, and in the end destroyed.
alter table tenants.borough drop constraint borough_state_check;
alter table tenants.borough add constraint borough_state_check check
  (state in ('draft', 'in_setup', 'in_review', 'live', 'suspended', 'offboarding', 'closed', 'purged'));
-- Until which day a closed borough's record is kept, at the least.
alter table tenants.borough add column retained_until date;
grant update (name, retained_until) on tenants.borough to tenants_platform;

-- A borough that leaves gets an export without asking; and is not closed before one is made.
create policy platform on tenants.export for insert to tenants_platform with check (true);
create policy platform_reads on tenants.export for select to tenants_platform using (true);
grant insert (borough_id, export_id, reason, state, asked_by, asked_at) on tenants.export to tenants_platform;
grant select (borough_id, export_id, state, asked_at, made_at, settled, sha256) on tenants.export to tenants_platform;

-- What was destroyed, signed: the platform's own, for nothing else of the borough is left.
create table tenants.purge_certificate (
  borough_id uuid primary key references tenants.borough,
  purged_at timestamptz not null,
  certificate text not null check (length(certificate) between 2 and 100000),
  public_key bytea check (length(public_key) = 32),
  signature bytea check (length(signature) = 64),
  check ((public_key is null) = (signature is null))
);
alter table tenants.purge_certificate enable row level security;
alter table tenants.purge_certificate force row level security;
create policy platform on tenants.purge_certificate for select to tenants_platform using (true);
grant select on tenants.purge_certificate to tenants_platform;
-- Written with the destruction, in one transaction.
create policy purge on tenants.purge_certificate for insert to tenants_purge
  with check (borough_id = (select platform.borough()));
grant insert on tenants.purge_certificate to tenants_purge;
-- What the certificate says of the record: its chain's last head, its last archive, who it was of.
create policy purge_reads on platform.audit_checkpoint for select to tenants_purge
  using (borough_id = (select platform.purged_borough()));
grant select on platform.audit_checkpoint to tenants_purge;
create policy purge_reads on tenants.export for select to tenants_purge
  using (borough_id = (select platform.purged_borough()));
grant select (borough_id, export_id, state, made_at, sha256) on tenants.export to tenants_purge;
create policy purge_reads on tenants.borough for select to tenants_purge
  using (borough_id = (select platform.purged_borough()));
grant select on tenants.borough to tenants_purge;
-- Which orders wait. Work sees ids and times.
create policy work on platform.purge_order for select to tenants_work using (true);
grant select on platform.purge_order to tenants_work;
create policy work on tenants.purge_certificate for select to tenants_work using (true);
grant select (borough_id) on tenants.purge_certificate to tenants_work;
grant select (retained_until) on tenants.borough to kind_archive;
