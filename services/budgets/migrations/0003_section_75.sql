-- Section 75: agreements, what a scheme is, contributions and their instalments, virements, risk share.
-- NHS Act 2006 s75; SI 2000/617 as amended.

-- Partners read their own contributions, instalments and payments in every borough.
select platform.make_login('budgets', 'partner');

-- Agreements.

create table budgets.agreement (
  borough_id uuid not null,
  agreement_id uuid not null,
  title text not null check (length(title) between 1 and 200),
  legal_basis text not null check (legal_basis in ('s75_reg7', 's75_reg8', 's75_reg9', 's65z5', 'none')),
  starts_on date not null,
  ends_on date,
  state text not null check (state in
    ('draft', 'consulting', 'consulted', 'approved', 'signed', 'operating', 'expired', 'terminated')),
  version bigint not null default 1,
  signed_on date,
  source text not null check (length(source) between 1 and 500),
  illustrative boolean not null,
  created_at timestamptz not null,
  primary key (borough_id, agreement_id),
  check (ends_on >= starts_on)
);
create table budgets.agreement_move (
  borough_id uuid not null,
  agreement_id uuid not null,
  number bigint not null,
  from_state text not null,
  to_state text not null,
  reason text not null check (length(reason) between 1 and 500),
  client_id text not null,
  moved_at timestamptz not null,
  primary key (borough_id, agreement_id, number),
  foreign key (borough_id, agreement_id) references budgets.agreement
);
-- Its partners, in the order they are declared: who comes first takes the odd penny.
create table budgets.agreement_party (
  borough_id uuid not null,
  agreement_id uuid not null,
  organisation_id uuid not null,
  place smallint not null check (place between 1 and 20),
  primary key (borough_id, agreement_id, organisation_id),
  constraint agreement_party_place unique (borough_id, agreement_id, place),
  foreign key (borough_id, agreement_id) references budgets.agreement,
  foreign key (borough_id, organisation_id) references budgets.party (borough_id, organisation_id)
);
-- What it says, by version: the first, and a variation each. A version never changes.
create table budgets.agreement_version (
  borough_id uuid not null,
  agreement_id uuid not null,
  number smallint not null check (number between 1 and 999),
  in_force_from date not null,
  made_by text not null check (made_by in ('partners', 'officer')),
  reason text not null check (length(reason) between 1 and 1000),
  budget_effect_pence bigint not null,
  flexibilities text[] not null check (flexibilities <@ array['pooled_fund', 'lead_commissioning', 'integrated_provision']),
  terms jsonb not null,
  recorded_at timestamptz not null,
  client_id text not null,
  primary key (borough_id, agreement_id, number),
  foreign key (borough_id, agreement_id) references budgets.agreement
);
create table budgets.agreement_consultation (
  borough_id uuid not null,
  agreement_id uuid not null,
  consultation_id uuid not null,
  consulted text not null check (length(consulted) between 1 and 1000),
  joint boolean not null,
  opens_on date not null,
  closes_on date not null,
  outcome text not null check (length(outcome) between 1 and 2000),
  recorded_at timestamptz not null,
  primary key (borough_id, agreement_id, consultation_id),
  foreign key (borough_id, agreement_id) references budgets.agreement,
  check (closes_on >= opens_on)
);
create table budgets.agreement_approval (
  borough_id uuid not null,
  agreement_id uuid not null,
  approval_id uuid not null,
  number smallint not null,
  organisation_id uuid not null,
  approved_on date not null,
  reference text not null check (length(reference) between 1 and 300),
  decision_id uuid,
  recorded_at timestamptz not null,
  primary key (borough_id, agreement_id, approval_id),
  constraint agreement_approved_once unique (borough_id, agreement_id, number, organisation_id),
  foreign key (borough_id, agreement_id, number) references budgets.agreement_version,
  foreign key (borough_id, agreement_id, organisation_id) references budgets.agreement_party
);
create table budgets.agreement_notice (
  borough_id uuid not null,
  agreement_id uuid not null,
  notice_id uuid not null,
  organisation_id uuid not null,
  given_on date not null,
  ends_on date not null,
  reference text not null check (length(reference) between 1 and 300),
  recorded_at timestamptz not null,
  primary key (borough_id, agreement_id, notice_id),
  foreign key (borough_id, agreement_id, organisation_id) references budgets.agreement_party
);
-- The funds it governs. A fund is under one agreement at a time.
create table budgets.agreement_fund (
  borough_id uuid not null,
  agreement_id uuid not null,
  fund_id uuid not null,
  linked_at timestamptz not null,
  primary key (borough_id, agreement_id, fund_id),
  foreign key (borough_id, agreement_id) references budgets.agreement,
  foreign key (borough_id, fund_id) references budgets.fund
);

create index on budgets.agreement_fund (borough_id, fund_id);

-- Who hosts a fund from a day on, after the first host, which stands on the fund.
create table budgets.fund_host (
  borough_id uuid not null,
  fund_id uuid not null,
  from_on date not null,
  organisation_id uuid not null,
  reference text not null check (length(reference) between 1 and 300),
  recorded_at timestamptz not null,
  primary key (borough_id, fund_id, from_on),
  foreign key (borough_id, fund_id) references budgets.fund,
  foreign key (borough_id, organisation_id) references budgets.party (borough_id, organisation_id)
);
-- The office that manages it, from a day until the next.
create table budgets.pool_manager (
  borough_id uuid not null,
  fund_id uuid not null,
  from_on date not null,
  employer_id uuid not null,
  office text not null check (length(office) between 1 and 200),
  reference text not null check (length(reference) between 1 and 300),
  recorded_at timestamptz not null,
  primary key (borough_id, fund_id, from_on),
  foreign key (borough_id, fund_id) references budgets.fund,
  foreign key (borough_id, employer_id) references budgets.party (borough_id, organisation_id)
);

-- What a fund is said to come to, before its budget is posted: an estimate never stands in for it.
create table budgets.fund_estimate (
  borough_id uuid not null,
  fund_id uuid not null,
  number smallint not null check (number between 1 and 999),
  firmness text not null check (firmness in ('indicative', 'provisional', 'final')),
  amount_pence bigint not null check (amount_pence >= 0),
  said_on date not null,
  source text not null check (length(source) between 1 and 500),
  recorded_at timestamptz not null,
  primary key (borough_id, fund_id, number),
  foreign key (borough_id, fund_id) references budgets.fund
);

-- What an agreement says of a scheme: its schedule.
create table budgets.scheme_schedule (
  borough_id uuid not null,
  fund_id uuid not null,
  scheme_id uuid not null,
  version bigint not null,
  kind text not null check (kind in ('pooled', 'aligned', 'in_view')),
  functions jsonb not null,
  client_group text not null check (length(client_group) between 1 and 500),
  services text not null check (length(services) between 1 and 1000),
  lead_id uuid not null,
  delivering_id uuid not null,
  delivered_under text check (length(delivered_under) between 1 and 500),
  staff_transfer text check (length(staff_transfer) between 1 and 1000),
  accounting_treatment text not null check (accounting_treatment in ('joint_operation', 'sole_control', 'agency')),
  capital boolean not null,
  ring_fence text check (length(ring_fence) between 1 and 100),
  recurrent boolean not null,
  runs_to date,
  place text check (length(place) between 1 and 200),
  set_at timestamptz not null,
  primary key (borough_id, fund_id, scheme_id),
  foreign key (borough_id, fund_id, scheme_id) references budgets.scheme,
  foreign key (borough_id, lead_id) references budgets.party (borough_id, organisation_id),
  foreign key (borough_id, delivering_id) references budgets.party (borough_id, organisation_id)
);

-- What is agreed of a fund-year beside its schemes' budgets, which are in the ledger.
create table budgets.year_budget (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  version bigint not null,
  contingency_pence bigint not null check (contingency_pence >= 0),
  brought_forward_pence bigint not null,
  other_income_pence bigint not null check (other_income_pence >= 0),
  uncommitted_pence bigint not null check (uncommitted_pence >= 0),
  overspend_threshold_bp integer not null check (overspend_threshold_bp between 0 and 10000),
  agreed_on date,
  set_at timestamptz not null,
  primary key (borough_id, fund_id, year),
  foreign key (borough_id, fund_id, year) references budgets.fund_year
);

-- Money that ends: an award over named years.
create table budgets.award (
  borough_id uuid not null,
  fund_id uuid not null,
  award_id uuid not null,
  payer_id uuid not null,
  title text not null check (length(title) between 1 and 200),
  funding_source text not null check (funding_source in ('council', 'nhs', 'grant', 'not_analysed')),
  amount_pence bigint not null check (amount_pence > 0),
  exit_plan text check (length(exit_plan) between 1 and 2000),
  source text not null check (length(source) between 1 and 500),
  recorded_at timestamptz not null,
  primary key (borough_id, fund_id, award_id),
  foreign key (borough_id, fund_id) references budgets.fund,
  foreign key (borough_id, payer_id) references budgets.party (borough_id, organisation_id)
);
create table budgets.award_year (
  borough_id uuid not null,
  fund_id uuid not null,
  award_id uuid not null,
  year smallint not null check (year between 2000 and 2098),
  amount_pence bigint not null check (amount_pence >= 0),
  primary key (borough_id, fund_id, award_id, year),
  foreign key (borough_id, fund_id, award_id) references budgets.award
);

-- What a partner puts in, by version: the first, and a variation each. The amount of a year is its last version's.
create table budgets.contribution (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  contribution_id uuid not null,
  payer_id uuid not null,
  -- the payer's ODS code, by which a partner sees its own; none in a sandbox
  party_code text,
  scheme_id uuid,
  -- council, nhs, grant or not_analysed
  funding_source text not null check (funding_source in ('council', 'nhs', 'grant', 'not_analysed')),
  -- a source of the year's Better Care Fund list
  bcf_source text check (length(bcf_source) between 1 and 100),
  form text not null check (form in ('cash', 'in_kind')),
  valuation_basis text check (length(valuation_basis) between 1 and 500),
  recurrent boolean not null,
  award_id uuid,
  run_off boolean not null,
  source text not null check (length(source) between 1 and 500),
  recorded_at timestamptz not null,
  primary key (borough_id, fund_id, year, contribution_id),
  foreign key (borough_id, fund_id, year) references budgets.fund_year,
  foreign key (borough_id, payer_id) references budgets.party (borough_id, organisation_id),
  foreign key (borough_id, fund_id, scheme_id) references budgets.scheme,
  foreign key (borough_id, fund_id, award_id) references budgets.award,
  check ((form = 'in_kind') = (valuation_basis is not null))
);
create index on budgets.contribution (party_code, borough_id) where party_code is not null;
create index on budgets.contribution (borough_id, payer_id);
create table budgets.contribution_version (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  contribution_id uuid not null,
  number smallint not null check (number between 1 and 999),
  amount_pence bigint not null check (amount_pence >= 0),
  effective_on date not null,
  reason text not null check (length(reason) between 1 and 500),
  reference text check (length(reference) between 1 and 300),
  recorded_at timestamptz not null,
  client_id text not null,
  party_code text,
  primary key (borough_id, fund_id, year, contribution_id, number),
  foreign key (borough_id, fund_id, year, contribution_id) references budgets.contribution
);
-- A cash contribution's instalments. A variation writes those still to come anew: of each number the highest
-- version is in force. The true-up is the part of an amount that makes good earlier instalments.
create table budgets.instalment (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  contribution_id uuid not null,
  number smallint not null check (number between 1 and 60),
  version smallint not null,
  instalment_id uuid not null,
  due_on date not null,
  amount_pence bigint not null,
  true_up_pence bigint not null,
  payer_id uuid not null,
  party_code text,
  primary key (borough_id, fund_id, year, contribution_id, number, version),
  foreign key (borough_id, fund_id, year, contribution_id, version) references budgets.contribution_version
);
create index on budgets.instalment (party_code, borough_id) where party_code is not null;
create table budgets.invoice (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  invoice_id uuid not null,
  contribution_id uuid not null,
  instalment_number smallint not null,
  invoice_number text not null check (length(invoice_number) between 1 and 100),
  issued_on date not null,
  amount_pence bigint not null check (amount_pence <> 0),
  recorded_at timestamptz not null,
  primary key (borough_id, fund_id, year, invoice_id),
  constraint invoice_number_once unique (borough_id, fund_id, year, invoice_number),
  foreign key (borough_id, fund_id, year, contribution_id) references budgets.contribution
);
-- A person's word that a payment, or a part of it, was for an instalment.
create table budgets.receipt_match (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  match_id uuid not null,
  receipt_id uuid not null,
  contribution_id uuid not null,
  instalment_number smallint not null,
  amount_pence bigint not null check (amount_pence <> 0),
  reason text not null check (length(reason) between 1 and 500),
  matched_at timestamptz not null,
  client_id text not null,
  -- taken back, where it was wrong
  withdrawn_at timestamptz,
  withdrawn_by text,
  withdrawn_reason text check (length(withdrawn_reason) between 1 and 500),
  primary key (borough_id, fund_id, year, match_id),
  check ((withdrawn_at is null) = (withdrawn_by is null) and (withdrawn_at is null) = (withdrawn_reason is null)),
  foreign key (borough_id, fund_id, year, receipt_id) references budgets.receipt,
  foreign key (borough_id, fund_id, year, contribution_id) references budgets.contribution
);
create unique index receipt_matched_once
  on budgets.receipt_match (borough_id, fund_id, year, receipt_id, contribution_id, instalment_number)
  where withdrawn_at is null;
alter table budgets.receipt add column party_code text;
create index on budgets.receipt (party_code, borough_id) where party_code is not null;

-- The region's roll-up of contributions: what was planned for a day, less what a variation took back, and what was paid.
create table budgets.region_contribution (
  borough_id uuid not null,
  region text not null,
  year smallint not null,
  entry_id uuid not null,
  fund_id uuid not null,
  kind text not null,
  section_75 boolean not null,
  funding_source text not null,
  payer_code text,
  payer_kind text not null,
  on_day date not null,
  planned_pence bigint not null,
  paid_pence bigint not null,
  completeness text not null,
  primary key (borough_id, region, year, entry_id)
);
create index on budgets.region_contribution (region, year);

-- Payments recorded before: partners see theirs from now on, and the region counts them.
alter table budgets.receipt no force row level security;
alter table budgets.party no force row level security;
alter table budgets.fund no force row level security;
alter table budgets.fund_year no force row level security;
update budgets.receipt r set party_code = p.ods
from budgets.party p, budgets.fund f
where p.borough_id = r.borough_id and p.organisation_id = r.payer_id and p.ods is not null
  and f.borough_id = r.borough_id and f.fund_id = r.fund_id and f.region is not null;
insert into budgets.region_contribution (borough_id, region, year, entry_id, fund_id, kind, section_75, funding_source,
  payer_code, payer_kind, on_day, planned_pence, paid_pence, completeness)
select r.borough_id, f.region, r.year, r.receipt_id, r.fund_id, f.kind,
  f.kind <> 'in_view' and f.legal_basis in ('s75_reg7', 's75_reg8', 's75_reg9'), 'not_analysed', p.ods, p.kind, r.paid_on, 0,
  r.amount_pence, y.completeness
from budgets.receipt r
  join budgets.fund_year y on y.borough_id = r.borough_id and y.fund_id = r.fund_id and y.year = r.year
  join budgets.party p on p.borough_id = r.borough_id and p.organisation_id = r.payer_id
  join budgets.fund f on f.borough_id = r.borough_id and f.fund_id = r.fund_id
where f.region is not null;
alter table budgets.fund_year force row level security;
alter table budgets.fund force row level security;
alter table budgets.party force row level security;
alter table budgets.receipt force row level security;

-- Budget moved between schemes, by a journal of the budget layer.
create table budgets.virement (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  virement_id uuid not null,
  from_scheme_id uuid not null,
  to_scheme_id uuid not null,
  amount_pence bigint not null check (amount_pence > 0),
  reason text not null check (length(reason) between 1 and 500),
  authority text not null check (length(authority) between 1 and 300),
  journal_id uuid not null,
  recorded_at timestamptz not null,
  primary key (borough_id, fund_id, year, virement_id),
  foreign key (borough_id, fund_id, year) references budgets.fund_year,
  foreign key (borough_id, fund_id, from_scheme_id) references budgets.scheme,
  foreign key (borough_id, fund_id, to_scheme_id) references budgets.scheme,
  foreign key (borough_id, fund_id, journal_id) references budgets.journal
);

-- Money paid out of a fund to a provider: gross, VAT, what of it is charged to the pool, and what is published of it.
create table budgets.payment (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  payment_id uuid not null,
  scheme_id uuid not null,
  journal_id uuid not null,
  paid_on date not null,
  department text check (length(department) between 1 and 200),
  beneficiary text check (length(beneficiary) between 1 and 200),
  individual boolean not null,
  purpose text check (length(purpose) between 1 and 500),
  merchant_category text check (length(merchant_category) between 1 and 200),
  gross_pence bigint not null,
  vat_pence bigint not null,
  irrecoverable_vat_pence bigint not null,
  charged_pence bigint not null,
  vat_basis text not null check (length(vat_basis) between 1 and 300),
  document_number text not null check (length(document_number) between 1 and 100),
  recorded_at timestamptz not null,
  primary key (borough_id, fund_id, year, payment_id),
  foreign key (borough_id, fund_id, year) references budgets.fund_year,
  foreign key (borough_id, fund_id, scheme_id) references budgets.scheme,
  foreign key (borough_id, fund_id, journal_id) references budgets.journal
);

-- How an overspend or underspend is shared, by version, and what came of it in a year.
create table budgets.risk_rule (
  borough_id uuid not null,
  fund_id uuid not null,
  number smallint not null check (number between 1 and 999),
  in_force_from date not null,
  terms jsonb not null,
  reference text not null check (length(reference) between 1 and 300),
  recorded_at timestamptz not null,
  primary key (borough_id, fund_id, number),
  constraint risk_rule_day unique (borough_id, fund_id, in_force_from),
  foreign key (borough_id, fund_id) references budgets.fund
);
create table budgets.risk_calculation (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  calculation_id uuid not null,
  rule_number smallint not null,
  result jsonb not null,
  calculated_at timestamptz not null,
  client_id text not null,
  primary key (borough_id, fund_id, year, calculation_id),
  foreign key (borough_id, fund_id, year) references budgets.fund_year,
  foreign key (borough_id, fund_id, rule_number) references budgets.risk_rule
);
create table budgets.risk_agreement (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  calculation_id uuid not null,
  organisation_id uuid not null,
  agreed_on date not null,
  reference text not null check (length(reference) between 1 and 300),
  recorded_at timestamptz not null,
  constraint risk_agreed_once primary key (borough_id, fund_id, year, calculation_id, organisation_id),
  foreign key (borough_id, fund_id, year, calculation_id) references budgets.risk_calculation,
  foreign key (borough_id, organisation_id) references budgets.party (borough_id, organisation_id)
);
-- A fund-year is settled once, and anew only where the journal that did it was reversed.
create table budgets.risk_settlement (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  calculation_id uuid not null,
  journal_id uuid not null,
  settled_at timestamptz not null,
  primary key (borough_id, fund_id, year, journal_id),
  foreign key (borough_id, fund_id, year, calculation_id) references budgets.risk_calculation,
  foreign key (borough_id, fund_id, journal_id) references budgets.journal
);

do $$
declare t text;
begin
  foreach t in array array['agreement', 'agreement_move', 'agreement_party', 'agreement_version', 'agreement_consultation',
                           'agreement_approval', 'agreement_notice', 'agreement_fund', 'fund_host', 'pool_manager', 'fund_estimate',
                           'scheme_schedule', 'year_budget', 'award', 'award_year', 'contribution',
                           'contribution_version', 'instalment', 'invoice', 'receipt_match', 'region_contribution',
                           'virement', 'payment', 'risk_rule', 'risk_calculation', 'risk_agreement', 'risk_settlement'] loop
    execute format('alter table budgets.%I enable row level security', t);
    execute format('alter table budgets.%I force row level security', t);
    execute format('create policy borough on budgets.%I to budgets_borough
                    using (borough_id = (select platform.borough()))
                    with check (borough_id = (select platform.borough()))', t);
  end loop;
end $$;

grant select, insert on budgets.agreement, budgets.agreement_move, budgets.agreement_party, budgets.agreement_version,
  budgets.agreement_consultation, budgets.agreement_approval, budgets.agreement_notice, budgets.agreement_fund,
  budgets.fund_host, budgets.pool_manager, budgets.fund_estimate, budgets.scheme_schedule, budgets.year_budget, budgets.award,
  budgets.award_year, budgets.contribution, budgets.contribution_version, budgets.instalment, budgets.invoice,
  budgets.receipt_match, budgets.region_contribution, budgets.virement, budgets.payment, budgets.risk_rule,
  budgets.risk_calculation, budgets.risk_agreement, budgets.risk_settlement to budgets_borough;
grant update (state, version, signed_on) on budgets.agreement to budgets_borough;
grant update (version, kind, functions, client_group, services, lead_id, delivering_id, delivered_under, staff_transfer,
  accounting_treatment, capital, ring_fence, recurrent, runs_to, place, set_at) on budgets.scheme_schedule to budgets_borough;
grant update (withdrawn_at, withdrawn_by, withdrawn_reason) on budgets.receipt_match to budgets_borough;
grant update (version, contingency_pence, brought_forward_pence, other_income_pence, uncommitted_pence,
  overspend_threshold_bp, agreed_on, set_at) on budgets.year_budget to budgets_borough;

-- A partner sees its own, under its own code, never a predecessor's. In a sandbox no row carries a code.
create policy partner on budgets.contribution for select to budgets_partner using (party_code = (select platform.partner()));
create policy partner on budgets.contribution_version for select to budgets_partner
  using (party_code = (select platform.partner()));
create policy partner on budgets.instalment for select to budgets_partner using (party_code = (select platform.partner()));
create policy partner on budgets.receipt for select to budgets_partner using (party_code = (select platform.partner()));
create policy partner on budgets.borough for select to budgets_partner
  using (exists (select from budgets.contribution c
                 where c.borough_id = borough.borough_id and c.party_code = (select platform.partner()))
    or exists (select from budgets.receipt r
               where r.borough_id = borough.borough_id and r.party_code = (select platform.partner())));
grant select (borough_id, fund_id, year, contribution_id, payer_id, party_code, funding_source, form, recurrent, run_off,
  recorded_at) on budgets.contribution to budgets_partner;
grant select (borough_id, fund_id, year, contribution_id, number, amount_pence, effective_on, reason, recorded_at, party_code)
  on budgets.contribution_version to budgets_partner;
grant select on budgets.instalment to budgets_partner;
grant select (borough_id, fund_id, year, receipt_id, payer_id, paid_on, amount_pence, document_number, recorded_at, party_code)
  on budgets.receipt to budgets_partner;
grant select (borough_id, slug, gss, name) on budgets.borough to budgets_partner;

create policy region on budgets.region_contribution for select to budgets_region using (region = (select platform.region()));
grant select on budgets.region_contribution to budgets_region;
