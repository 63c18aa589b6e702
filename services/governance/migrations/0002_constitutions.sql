-- Who sits on a committee, by what rules, and what let it go live.

select platform.make_login('governance', 'region');

-- Facts of other services, taken in from their events.
create table governance.borough (
  borough_id uuid primary key,
  slug text not null,
  gss text not null,
  name text not null,
  region text
);
create table governance.fund (
  borough_id uuid not null,
  fund_id uuid not null,
  name text not null,
  kind text not null,
  primary key (borough_id, fund_id)
);
-- Money that was refused for want of a decision.
create table governance.proposal (
  borough_id uuid not null,
  proposal_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  amount_pence bigint not null,
  limit_pence bigint not null,
  role text not null,
  narrative text not null,
  wanted_at timestamptz not null,
  primary key (borough_id, proposal_id)
);
create table governance.split_warning (
  borough_id uuid not null,
  journal_id uuid not null,
  fund_id uuid not null,
  scheme text not null,
  role text not null,
  sum_pence bigint not null,
  limit_pence bigint not null,
  journals uuid[] not null,
  suspected_at timestamptz not null,
  primary key (borough_id, fund_id, journal_id, scheme)
);

alter table governance.committee drop constraint committee_phase_check;
alter table governance.committee add constraint committee_phase_check
  check (phase in ('proposed', 'shadow', 'live', 'dissolved'));
-- An id in the council's own committee system.
alter table governance.committee add column external_id text check (length(external_id) between 1 and 100);
create unique index committee_external on governance.committee (borough_id, external_id);

-- When a phase is planned to begin. Every plan stays on record: a date that slipped is a second row.
create table governance.committee_plan (
  borough_id uuid not null,
  committee_id uuid not null,
  plan_id uuid not null,
  phase text not null check (phase in ('shadow', 'live', 'dissolved')),
  planned_on date not null,
  source text not null check (length(source) between 1 and 500),
  recorded_at timestamptz not null,
  primary key (borough_id, committee_id, plan_id),
  foreign key (borough_id, committee_id) references governance.committee
);

-- The signed agreement a committee works under, until agreements have a register of their own.
create table governance.committee_agreement (
  borough_id uuid not null,
  committee_id uuid not null,
  agreement_id uuid not null,
  reference text not null check (length(reference) between 1 and 200),
  signed_on date not null,
  source text not null check (length(source) between 1 and 500),
  recorded_at timestamptz not null,
  primary key (borough_id, committee_id, agreement_id),
  foreign key (borough_id, committee_id) references governance.committee
);

create table governance.parent_approval (
  borough_id uuid not null,
  committee_id uuid not null,
  approval_id uuid not null,
  parent text not null check (length(parent) between 1 and 200),
  approved_on date not null,
  reference text not null check (length(reference) between 1 and 200),
  recorded_at timestamptz not null,
  primary key (borough_id, committee_id, approval_id),
  constraint approval_once unique (borough_id, committee_id, parent),
  foreign key (borough_id, committee_id) references governance.committee
);

-- Versioned rules; the one in force on a day is the latest that began by then. Append-only.
create table governance.constitution (
  borough_id uuid not null,
  committee_id uuid not null,
  constitution_id uuid not null,
  number integer not null,
  in_force_from date not null,
  rules jsonb not null,
  source text not null check (length(source) between 1 and 500),
  recorded_at timestamptz not null,
  primary key (borough_id, committee_id, constitution_id),
  constraint constitution_numbered unique (borough_id, committee_id, number),
  constraint constitution_one_a_day unique (borough_id, committee_id, in_force_from),
  foreign key (borough_id, committee_id) references governance.committee
);

create table governance.person (
  borough_id uuid not null,
  person_id uuid not null,
  name text not null check (length(name) between 1 and 200),
  external_id text check (length(external_id) between 1 and 100),
  created_at timestamptz not null,
  primary key (borough_id, person_id)
);
create unique index person_external on governance.person (borough_id, external_id);

create table governance.seat (
  borough_id uuid not null,
  committee_id uuid not null,
  seat_id uuid not null,
  title text not null check (length(title) between 1 and 200),
  class text not null check (class in ('councillor', 'clinician', 'lay', 'officer')),
  partner text not null check (length(partner) between 1 and 200),
  voting boolean not null,
  joint boolean not null,
  valid_from date not null,
  valid_to date check (valid_to >= valid_from),
  version bigint not null default 1,
  created_at timestamptz not null,
  primary key (borough_id, committee_id, seat_id),
  foreign key (borough_id, committee_id) references governance.committee
);
create table governance.membership (
  borough_id uuid not null,
  committee_id uuid not null,
  membership_id uuid not null,
  seat_id uuid not null,
  person_id uuid not null,
  capacity text not null check (capacity in ('member', 'substitute')),
  valid_from date not null,
  valid_to date check (valid_to >= valid_from),
  version bigint not null default 1,
  created_at timestamptz not null,
  primary key (borough_id, committee_id, membership_id),
  foreign key (borough_id, committee_id, seat_id) references governance.seat,
  foreign key (borough_id, person_id) references governance.person
);
create index on governance.membership (borough_id, committee_id, seat_id);
create index on governance.membership (borough_id, person_id);

-- Offices are dated; people come and go, and one may hold several.
create table governance.office_tenure (
  borough_id uuid not null,
  tenure_id uuid not null,
  office text not null check (office in ('accountable_officer', 'chief_executive', 'section_151_officer',
    'monitoring_officer', 'pool_manager', 'director_of_adult_services', 'place_lead', 'chair', 'clerk')),
  body text not null check (length(body) between 1 and 200),
  person_id uuid not null,
  valid_from date not null,
  valid_to date check (valid_to >= valid_from),
  -- why nobody held it before, where there was a gap; why it ended, where no successor ended it
  vacancy_reason text check (length(vacancy_reason) between 1 and 500),
  ended_reason text check (length(ended_reason) between 1 and 500),
  version bigint not null default 1,
  created_at timestamptz not null,
  primary key (borough_id, tenure_id),
  foreign key (borough_id, person_id) references governance.person
);
create index on governance.office_tenure (borough_id, person_id);
create index on governance.office_tenure (borough_id, office, body, valid_from);

-- The register of interests: the NHS register (28 days) and councillors' disclosable pecuniary interests together.
create table governance.interest (
  borough_id uuid not null,
  person_id uuid not null,
  interest_id uuid not null,
  kind text not null check (kind in ('disclosable_pecuniary', 'other_registrable', 'nhs_financial',
    'nhs_non_financial_professional', 'nhs_non_financial_personal', 'nhs_indirect')),
  nature text not null check (length(nature) between 1 and 1000),
  arose_on date not null,
  registered_on date not null,
  ended_on date check (ended_on >= arose_on),
  version bigint not null default 1,
  created_at timestamptz not null,
  primary key (borough_id, person_id, interest_id),
  foreign key (borough_id, person_id) references governance.person
);

-- A limit may be of one fund, of one kind of act, and of two officers acting together.
alter table governance.delegation
  add column fund_id uuid,
  add column kind text check (kind in ('spend', 'virement', 'contract', 'grant')),
  add column officers smallint not null default 1 check (officers in (1, 2));
alter table governance.delegation drop constraint delegation_one_a_day;
alter table governance.delegation add constraint delegation_one_a_day
  unique nulls not distinct (borough_id, role, fund_id, kind, officers, in_force_from);

do $$
declare t text;
begin
  foreach t in array array['borough', 'fund', 'proposal', 'split_warning', 'committee_plan', 'committee_agreement',
    'parent_approval', 'constitution', 'person', 'seat', 'membership', 'office_tenure', 'interest'] loop
    execute format('alter table governance.%I enable row level security', t);
    execute format('alter table governance.%I force row level security', t);
    execute format('create policy borough on governance.%I to governance_borough
                    using (borough_id = (select platform.borough()))
                    with check (borough_id = (select platform.borough()))', t);
    execute format('grant select, insert on governance.%I to governance_borough', t);
  end loop;
end $$;

grant update (slug, gss, name, region) on governance.borough to governance_borough;
grant update (name, kind) on governance.fund to governance_borough;
grant update (valid_to, version) on governance.seat, governance.membership, governance.office_tenure to governance_borough;
grant update (ended_reason) on governance.office_tenure to governance_borough;
grant update (ended_on, version) on governance.interest to governance_borough;
grant update (name) on governance.person to governance_borough;
grant update (external_id) on governance.committee to governance_borough;
