-- What a borough needs before it goes live: whom to reach, what was signed, what other services say was done, and what
-- a platform officer let pass.

-- Whom to reach when something is wrong: an office and its mailbox, never a person. The newest counts.
create table tenants.security_contact (
  borough_id uuid not null references tenants.borough,
  contact_id uuid not null,
  office text not null check (length(office) between 1 and 200),
  email text not null check (length(email) between 3 and 254),
  telephone text check (length(telephone) between 3 and 40),
  recorded_at timestamptz not null,
  client_id text not null,
  primary key (borough_id, contact_id)
);

-- The data-sharing agreements that were signed. The newest counts.
create table tenants.data_sharing_agreement (
  borough_id uuid not null references tenants.borough,
  agreement_id uuid not null,
  version text not null check (length(version) between 1 and 50),
  signed_by text not null check (length(signed_by) between 1 and 200),
  signed_on date not null,
  reference text not null check (length(reference) between 1 and 500),
  recorded_at timestamptz not null,
  client_id text not null,
  primary key (borough_id, agreement_id)
);

-- What was first done in another service, as it says.
create table tenants.set_up_step (
  borough_id uuid not null references tenants.borough,
  step text not null check (step in ('agreement', 'scheme_codes', 'constitution', 'reconciliation')),
  path text not null check (length(path) between 1 and 300),
  taken_at timestamptz not null,
  primary key (borough_id, step)
);

-- What a borough may go live without, and why.
create table tenants.waiver (
  borough_id uuid not null references tenants.borough,
  task text not null check (task in ('data_sharing', 'security_contact', 'administrators', 'organisations', 'keys', 'first_call',
    'agreement', 'constitution', 'scheme_codes', 'reconciliation', 'webhook')),
  reason text not null check (length(reason) between 1 and 500),
  illustrative boolean not null,
  client_id text not null,
  waived_at timestamptz not null,
  primary key (borough_id, task)
);

-- Who asked for a borough: that officer does not bring it live. Not known of boroughs from before.
alter table tenants.borough add column asked_for_by text check (length(asked_for_by) between 1 and 120);

do $$
declare t text;
begin
  foreach t in array array['security_contact', 'data_sharing_agreement', 'set_up_step', 'waiver'] loop
    execute format('alter table tenants.%I enable row level security', t);
    execute format('alter table tenants.%I force row level security', t);
    execute format('create policy borough on tenants.%I to tenants_borough
                    using (borough_id = (select platform.borough()))
                    with check (borough_id = (select platform.borough()))', t);
  end loop;
end $$;

grant select, insert on tenants.security_contact, tenants.data_sharing_agreement, tenants.set_up_step to tenants_borough;
grant select on tenants.waiver to tenants_borough;
grant select (asked_for_by), insert (asked_for_by) on tenants.borough to tenants_platform;
create policy platform on tenants.waiver to tenants_platform using (true) with check (true);
grant select, insert on tenants.waiver to tenants_platform;
