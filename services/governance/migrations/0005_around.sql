-- Around the committees: consultations, scrutiny, actions, locality plans, due diligence.

create table governance.consultation (
  borough_id uuid not null,
  consultation_id uuid not null,
  -- the committee whose going live it is about, where it is
  committee_id uuid,
  subject text not null check (length(subject) between 1 and 300),
  audience text not null check (length(audience) between 1 and 1000),
  opens_on date not null,
  closes_on date not null check (closes_on >= opens_on),
  source text not null check (length(source) between 1 and 500),
  created_at timestamptz not null,
  primary key (borough_id, consultation_id),
  foreign key (borough_id, committee_id) references governance.committee
);
create index on governance.consultation (borough_id, committee_id);
-- What came of it and to whom it was reported: an interim and a final report are two rows.
create table governance.consultation_report (
  borough_id uuid not null,
  consultation_id uuid not null,
  report_id uuid not null,
  kind text not null check (kind in ('interim', 'final')),
  reported_to text not null check (length(reported_to) between 1 and 200),
  reported_on date not null,
  response_count integer check (response_count >= 0),
  summary text not null check (length(summary) between 1 and 5000),
  outcome text not null check (outcome in ('supportive', 'mixed', 'opposed', 'no_response')),
  recorded_at timestamptz not null,
  primary key (borough_id, consultation_id, report_id),
  foreign key (borough_id, consultation_id) references governance.consultation
);

create table governance.scrutiny_item (
  borough_id uuid not null,
  scrutiny_item_id uuid not null,
  body text not null check (length(body) between 1 and 200),
  title text not null check (length(title) between 1 and 300),
  considered_on date not null,
  verbal boolean not null,
  questions text[] not null check (cardinality(questions) <= 100),
  resolution text not null check (length(resolution) between 1 and 2000),
  outcome text not null check (outcome in ('noted', 'endorsed', 'recommended', 'referred', 'called_in')),
  decision_id uuid,
  source text not null check (length(source) between 1 and 500),
  recorded_at timestamptz not null,
  primary key (borough_id, scrutiny_item_id),
  foreign key (borough_id, decision_id) references governance.decision
);
create index on governance.scrutiny_item (borough_id, decision_id);

create table governance.due_diligence_item (
  borough_id uuid not null,
  due_diligence_id uuid not null,
  committee_id uuid,
  subject text not null check (length(subject) between 1 and 300),
  kind text not null check (kind in ('benefit', 'risk')),
  description text not null check (length(description) between 1 and 5000),
  -- for a risk: 1 to 5 each
  likelihood smallint check (likelihood between 1 and 5),
  impact smallint check (impact between 1 and 5),
  check ((kind = 'risk') = (likelihood is not null) and (kind = 'risk') = (impact is not null)),
  owner text not null check (length(owner) between 1 and 200),
  treatment text check (length(treatment) between 1 and 2000),
  state text not null check (state in ('open', 'accepted', 'mitigated', 'closed')),
  version bigint not null default 1,
  created_at timestamptz not null,
  primary key (borough_id, due_diligence_id),
  foreign key (borough_id, committee_id) references governance.committee
);
create index on governance.due_diligence_item (borough_id, committee_id);
create table governance.due_diligence_move (
  borough_id uuid not null,
  due_diligence_id uuid not null,
  number bigint not null,
  from_state text not null,
  to_state text not null,
  reason text not null check (length(reason) between 1 and 500),
  client_id text not null,
  moved_at timestamptz not null,
  primary key (borough_id, due_diligence_id, number),
  foreign key (borough_id, due_diligence_id) references governance.due_diligence_item
);

create table governance.action (
  borough_id uuid not null,
  action_id uuid not null,
  meeting_id uuid,
  decision_id uuid,
  text text not null check (length(text) between 1 and 2000),
  owner text not null check (length(owner) between 1 and 200),
  due_on date not null,
  state text not null check (state in ('open', 'done', 'dropped')),
  version bigint not null default 1,
  created_at timestamptz not null,
  primary key (borough_id, action_id),
  foreign key (borough_id, meeting_id) references governance.meeting,
  foreign key (borough_id, decision_id) references governance.decision
);
create index on governance.action (borough_id, meeting_id);
create index on governance.action (borough_id, decision_id);
create table governance.action_move (
  borough_id uuid not null,
  action_id uuid not null,
  number bigint not null,
  from_state text not null,
  to_state text not null,
  -- of one that is done, the evidence
  reason text not null check (length(reason) between 1 and 500),
  client_id text not null,
  moved_at timestamptz not null,
  primary key (borough_id, action_id, number),
  foreign key (borough_id, action_id) references governance.action
);

create table governance.locality_plan (
  borough_id uuid not null,
  plan_id uuid not null,
  title text not null check (length(title) between 1 and 300),
  valid_from date not null,
  valid_to date not null check (valid_to >= valid_from),
  source text not null check (length(source) between 1 and 500),
  created_at timestamptz not null,
  primary key (borough_id, plan_id)
);
create table governance.milestone (
  borough_id uuid not null,
  plan_id uuid not null,
  milestone_id uuid not null,
  title text not null check (length(title) between 1 and 300),
  planned_on date not null,
  reached_on date,
  version bigint not null default 1,
  created_at timestamptz not null,
  primary key (borough_id, plan_id, milestone_id),
  foreign key (borough_id, plan_id) references governance.locality_plan
);
-- Every earlier plan, and why it was given up: a date that slipped stays visible. Append-only.
create table governance.milestone_replanning (
  borough_id uuid not null,
  plan_id uuid not null,
  milestone_id uuid not null,
  number bigint not null,
  from_on date not null,
  to_on date not null check (to_on <> from_on),
  reason text not null check (length(reason) between 1 and 500),
  client_id text not null,
  replanned_at timestamptz not null,
  primary key (borough_id, plan_id, milestone_id, number),
  foreign key (borough_id, plan_id, milestone_id) references governance.milestone
);

do $$
declare t text;
begin
  foreach t in array array['consultation', 'consultation_report', 'scrutiny_item', 'due_diligence_item',
    'due_diligence_move', 'action', 'action_move', 'locality_plan', 'milestone', 'milestone_replanning'] loop
    execute format('alter table governance.%I enable row level security', t);
    execute format('alter table governance.%I force row level security', t);
    execute format('create policy borough on governance.%I to governance_borough
                    using (borough_id = (select platform.borough()))
                    with check (borough_id = (select platform.borough()))', t);
    execute format('grant select, insert on governance.%I to governance_borough', t);
  end loop;
end $$;

grant update (state, version) on governance.due_diligence_item to governance_borough;
grant update (state, version) on governance.action to governance_borough;
grant update (planned_on, reached_on, version) on governance.milestone to governance_borough;
