-- Motions, votes and what they lawfully decide; call-in and the moves that time makes.

create table governance.motion (
  borough_id uuid not null,
  motion_id uuid not null,
  meeting_id uuid not null,
  item_id uuid not null,
  -- the motion it would amend
  amends_id uuid,
  text text not null check (length(text) between 1 and 5000),
  outcome text not null check (outcome in ('approved', 'noted', 'recommended', 'deferred', 'referred')),
  mover_id uuid not null,
  seconder_id uuid,
  state text not null check (state in ('moved', 'withdrawn', 'carried', 'lost')),
  -- the money it would let move: of which fund, how much at most, answering which proposal
  fund_id uuid,
  amount_pence bigint check (amount_pence > 0),
  proposal_id uuid,
  version bigint not null default 1,
  moved_at timestamptz not null,
  primary key (borough_id, motion_id),
  foreign key (borough_id, meeting_id, item_id) references governance.agenda_item,
  foreign key (borough_id, amends_id) references governance.motion,
  foreign key (borough_id, mover_id) references governance.person,
  foreign key (borough_id, seconder_id) references governance.person,
  check ((fund_id is null) = (amount_pence is null)),
  -- only what approves something lets money move
  check (fund_id is null or outcome = 'approved')
);
create index on governance.motion (borough_id, meeting_id, item_id);
create index on governance.motion (borough_id, amends_id);
create index on governance.motion (borough_id, mover_id);
create index on governance.motion (borough_id, seconder_id);

-- A vote on a motion. Who may vote is written down when it opens and again when it closes; so is the result.
create table governance.vote_event (
  borough_id uuid not null,
  vote_event_id uuid not null,
  motion_id uuid not null,
  method text not null check (method in ('show_of_hands', 'roll_call', 'clerk_entered')),
  state text not null check (state in ('open', 'closed')),
  constitution_id uuid not null,
  committee_id uuid not null,
  -- whether the committee was live and could decide when it opened; a vote of a shadow stays advice for good
  binding boolean not null,
  -- who presided when it opened: the one who has a casting vote
  chair_id uuid,
  opened_at timestamptz not null,
  closed_at timestamptz,
  standing_at_open jsonb not null,
  result jsonb,
  version bigint not null default 1,
  primary key (borough_id, vote_event_id),
  foreign key (borough_id, motion_id) references governance.motion,
  foreign key (borough_id, chair_id) references governance.person,
  foreign key (borough_id, committee_id, constitution_id) references governance.constitution
);
create index on governance.vote_event (borough_id, chair_id);
create unique index vote_open_once on governance.vote_event (borough_id, motion_id) where state = 'open';
create index on governance.vote_event (borough_id, motion_id);
create table governance.vote (
  borough_id uuid not null,
  vote_event_id uuid not null,
  committee_id uuid not null,
  seat_id uuid not null,
  person_id uuid not null,
  choice text not null check (choice in ('for', 'against', 'abstain')),
  -- the chair's second vote
  casting boolean not null,
  cast_at timestamptz not null,
  primary key (borough_id, vote_event_id, seat_id, casting),
  foreign key (borough_id, vote_event_id) references governance.vote_event,
  foreign key (borough_id, committee_id, seat_id) references governance.seat,
  foreign key (borough_id, person_id) references governance.person
);
create index on governance.vote (borough_id, committee_id, seat_id);
create index on governance.vote (borough_id, person_id);

-- What a live committee decided. A shadow or advisory one gives recommendations (rule 50).
create table governance.decision (
  borough_id uuid not null,
  decision_id uuid not null,
  committee_id uuid not null,
  meeting_id uuid not null,
  item_id uuid not null,
  motion_id uuid not null,
  constitution_id uuid not null,
  delegation_id uuid,
  title text not null check (length(title) between 1 and 300),
  outcome text not null check (outcome in ('approved', 'noted', 'recommended', 'deferred', 'referred')),
  key_decision boolean not null,
  decided_on date not null,
  -- reasons, options rejected, conflicts, dispensations (SI 2012/2089 reg 12)
  record jsonb not null,
  private jsonb,
  fund_id uuid,
  amount_pence bigint,
  proposal_id uuid,
  state text not null check (state in ('recorded', 'published', 'in_call_in', 'called_in', 'confirmed', 'referred_back',
    'effective', 'implemented')),
  published_on date,
  call_in_ends_on date,
  effective_on date,
  version bigint not null default 1,
  recorded_at timestamptz not null,
  primary key (borough_id, decision_id),
  constraint decided_once unique (borough_id, motion_id),
  foreign key (borough_id, meeting_id, item_id) references governance.agenda_item,
  foreign key (borough_id, motion_id) references governance.motion,
  foreign key (borough_id, committee_id, constitution_id) references governance.constitution,
  foreign key (borough_id, delegation_id) references governance.delegation,
  check ((fund_id is null) = (amount_pence is null)),
  check (fund_id is null or outcome = 'approved')
);
-- Money that waits is answered once, unless the answer was sent back.
create unique index proposal_answered_once on governance.decision (borough_id, proposal_id) where state <> 'referred_back';
create index on governance.decision (borough_id, committee_id);
create index on governance.decision (borough_id, meeting_id, item_id);
create table governance.decision_move (
  borough_id uuid not null,
  decision_id uuid not null,
  number bigint not null,
  from_state text not null,
  to_state text not null,
  reason text not null check (length(reason) between 1 and 500),
  client_id text not null,
  moved_at timestamptz not null,
  primary key (borough_id, decision_id, number),
  foreign key (borough_id, decision_id) references governance.decision
);
create table governance.call_in (
  borough_id uuid not null,
  call_in_id uuid not null,
  decision_id uuid not null,
  requested_by text[] not null check (cardinality(requested_by) between 1 and 50),
  reason text not null check (length(reason) between 1 and 1000),
  requested_at timestamptz not null,
  primary key (borough_id, call_in_id),
  constraint called_in_once unique (borough_id, decision_id),
  foreign key (borough_id, decision_id) references governance.decision
);
create table governance.recommendation (
  borough_id uuid not null,
  recommendation_id uuid not null,
  committee_id uuid not null,
  meeting_id uuid not null,
  item_id uuid not null,
  motion_id uuid not null,
  constitution_id uuid not null,
  title text not null check (length(title) between 1 and 300),
  outcome text not null check (outcome in ('approved', 'noted', 'recommended', 'deferred', 'referred')),
  made_to text not null check (length(made_to) between 1 and 300),
  reasons text not null check (length(reasons) between 1 and 5000),
  made_on date not null,
  recorded_at timestamptz not null,
  primary key (borough_id, recommendation_id),
  constraint recommended_once unique (borough_id, motion_id),
  foreign key (borough_id, meeting_id, item_id) references governance.agenda_item,
  foreign key (borough_id, motion_id) references governance.motion
);
create index on governance.recommendation (borough_id, meeting_id, item_id);

-- Moves the service makes itself when their day has come. Holds ids and a day, so that work may see it.
create table governance.timer (
  borough_id uuid not null,
  decision_id uuid not null,
  due_on date not null,
  primary key (borough_id, decision_id),
  foreign key (borough_id, decision_id) references governance.decision
);
create index on governance.timer (due_on);

do $$
declare t text;
begin
  foreach t in array array['motion', 'vote_event', 'vote', 'decision', 'decision_move', 'call_in', 'recommendation', 'timer'] loop
    execute format('alter table governance.%I enable row level security', t);
    execute format('alter table governance.%I force row level security', t);
    execute format('create policy borough on governance.%I to governance_borough
                    using (borough_id = (select platform.borough()))
                    with check (borough_id = (select platform.borough()))', t);
    execute format('grant select, insert on governance.%I to governance_borough', t);
  end loop;
end $$;

grant update (state, text, fund_id, amount_pence, proposal_id, version) on governance.motion to governance_borough;
grant update (state, closed_at, result, version) on governance.vote_event to governance_borough;
grant update (choice, cast_at) on governance.vote to governance_borough;
grant update (state, published_on, call_in_ends_on, effective_on, version) on governance.decision to governance_borough;
grant delete on governance.timer to governance_borough;

create policy work on governance.timer for select to governance_work using (true);
grant select on governance.timer to governance_work;
