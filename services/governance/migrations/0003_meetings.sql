-- Meetings: notice, agenda, papers, who was there, what they declared, minutes.

-- The forward plan: notices of key decisions with their eight particulars (SI 2012/2089 reg 9(1)).
create table governance.plan_entry (
  borough_id uuid not null,
  entry_id uuid not null,
  committee_id uuid not null,
  matter text not null check (length(matter) between 1 and 500),
  decision_on date not null,
  particulars jsonb not null,
  published_on date,
  version bigint not null default 1,
  created_at timestamptz not null,
  primary key (borough_id, entry_id),
  foreign key (borough_id, committee_id) references governance.committee
);
create index on governance.plan_entry (borough_id, committee_id);

create table governance.meeting (
  borough_id uuid not null,
  meeting_id uuid not null,
  committee_id uuid not null,
  title text not null check (length(title) between 1 and 200),
  starts_at timestamptz not null,
  place text not null check (length(place) between 1 and 300),
  state text not null check (state in ('draft', 'notified', 'in_session', 'adjourned', 'closed', 'cancelled', 'inquorate')),
  -- when notice and agenda went out; set by the move to notified
  notified_at timestamptz,
  chair_id uuid,
  external_id text check (length(external_id) between 1 and 100),
  version bigint not null default 1,
  created_at timestamptz not null,
  primary key (borough_id, meeting_id),
  foreign key (borough_id, committee_id) references governance.committee,
  foreign key (borough_id, chair_id) references governance.person
);
create index on governance.meeting (borough_id, committee_id);
create index on governance.meeting (borough_id, chair_id);
create unique index meeting_external on governance.meeting (borough_id, external_id);
create table governance.meeting_move (
  borough_id uuid not null,
  meeting_id uuid not null,
  number bigint not null,
  from_state text not null,
  to_state text not null,
  reason text not null check (length(reason) between 1 and 500),
  client_id text not null,
  moved_at timestamptz not null,
  primary key (borough_id, meeting_id, number),
  foreign key (borough_id, meeting_id) references governance.meeting
);

create table governance.agenda_item (
  borough_id uuid not null,
  meeting_id uuid not null,
  item_id uuid not null,
  parent_id uuid,
  label text not null check (length(label) between 1 and 20),
  title text not null check (length(title) between 1 and 300),
  purpose text not null check (purpose in ('decision', 'recommendation', 'discussion', 'noting')),
  verbal boolean not null,
  late_reason text check (length(late_reason) between 1 and 500),
  key_decision boolean not null,
  plan_entry_id uuid,
  -- {paragraph, public_interest_reason}: rule 45
  private jsonb,
  -- what only those entitled to exempt papers may read
  exempt_text text check (length(exempt_text) between 1 and 10000),
  created_at timestamptz not null,
  primary key (borough_id, meeting_id, item_id),
  constraint item_labelled unique (borough_id, meeting_id, label),
  foreign key (borough_id, meeting_id) references governance.meeting,
  foreign key (borough_id, meeting_id, parent_id) references governance.agenda_item,
  foreign key (borough_id, plan_entry_id) references governance.plan_entry,
  check (exempt_text is null or private is not null)
);
create index on governance.agenda_item (borough_id, meeting_id, parent_id);
create unique index notice_once_a_meeting on governance.agenda_item (borough_id, meeting_id, plan_entry_id);
create index on governance.agenda_item (borough_id, plan_entry_id);

-- What stands in for 28 clear days' notice: general exception (reg 10), special urgency (reg 11).
create table governance.notice_exception (
  borough_id uuid not null,
  meeting_id uuid not null,
  item_id uuid not null,
  exception_id uuid not null,
  kind text not null check (kind in ('general_exception', 'special_urgency')),
  told text not null check (length(told) between 1 and 200),
  told_on date not null,
  reason text not null check (length(reason) between 1 and 1000),
  recorded_at timestamptz not null,
  primary key (borough_id, meeting_id, item_id, exception_id),
  foreign key (borough_id, meeting_id, item_id) references governance.agenda_item
);

create table governance.paper (
  borough_id uuid not null,
  meeting_id uuid not null,
  paper_id uuid not null,
  item_id uuid,
  title text not null check (length(title) between 1 and 300),
  file_name text not null check (length(file_name) between 1 and 200),
  media_type text not null,
  bytes bigint not null check (bytes > 0),
  sha256 bytea not null check (length(sha256) = 32),
  exempt boolean not null,
  added_at timestamptz not null,
  -- when its content arrived and was found to be what was announced
  stored_at timestamptz,
  version bigint not null default 1,
  primary key (borough_id, meeting_id, paper_id),
  foreign key (borough_id, meeting_id) references governance.meeting,
  foreign key (borough_id, meeting_id, item_id) references governance.agenda_item
);
create index on governance.paper (borough_id, meeting_id, item_id);

-- A stay at a meeting, from arriving to leaving; somebody who comes back has a second.
create table governance.attendance (
  borough_id uuid not null,
  meeting_id uuid not null,
  attendance_id uuid not null,
  person_id uuid not null,
  -- the seat they sit in; none for those in attendance
  committee_id uuid,
  seat_id uuid,
  capacity text not null check (capacity in ('member', 'substitute', 'in_attendance')),
  arrived_at timestamptz not null,
  left_at timestamptz check (left_at >= arrived_at),
  version bigint not null default 1,
  primary key (borough_id, meeting_id, attendance_id),
  foreign key (borough_id, meeting_id) references governance.meeting,
  foreign key (borough_id, person_id) references governance.person,
  foreign key (borough_id, committee_id, seat_id) references governance.seat,
  check ((seat_id is null) = (capacity = 'in_attendance') and (seat_id is null) = (committee_id is null))
);
create index on governance.attendance (borough_id, person_id);
create index on governance.attendance (borough_id, committee_id, seat_id);

create table governance.declaration (
  borough_id uuid not null,
  meeting_id uuid not null,
  declaration_id uuid not null,
  item_id uuid not null,
  person_id uuid not null,
  interest_id uuid,
  nature text not null check (length(nature) between 1 and 1000),
  -- what they did: stay, speak, leave
  action text not null check (action in ('stay', 'speak', 'leave')),
  declared_at timestamptz not null,
  primary key (borough_id, meeting_id, declaration_id),
  constraint declared_once unique (borough_id, meeting_id, item_id, person_id),
  foreign key (borough_id, meeting_id, item_id) references governance.agenda_item,
  foreign key (borough_id, person_id) references governance.person,
  foreign key (borough_id, person_id, interest_id) references governance.interest
);
create index on governance.declaration (borough_id, person_id, interest_id);
-- The chair's ruling, or a dispensation (Localism Act 2011 s33), on a declaration. The latest holds.
create table governance.ruling (
  borough_id uuid not null,
  meeting_id uuid not null,
  declaration_id uuid not null,
  ruling_id uuid not null,
  kind text not null check (kind in ('chairs_ruling', 'dispensation')),
  may text not null check (may in ('vote', 'speak', 'neither')),
  by_whom text not null check (length(by_whom) between 1 and 200),
  reason text not null check (length(reason) between 1 and 1000),
  ruled_at timestamptz not null,
  primary key (borough_id, meeting_id, declaration_id, ruling_id),
  foreign key (borough_id, meeting_id, declaration_id) references governance.declaration
);

-- Minutes: drafts replace each other, approved ones stand, corrections are appended.
create table governance.minutes (
  borough_id uuid not null,
  meeting_id uuid not null,
  minutes_id uuid not null,
  number integer not null,
  kind text not null check (kind in ('draft', 'approved', 'correction')),
  text text not null check (length(text) between 1 and 100000),
  -- the meeting that approved them
  approved_at_meeting uuid,
  recorded_at timestamptz not null,
  primary key (borough_id, meeting_id, minutes_id),
  constraint minutes_numbered unique (borough_id, meeting_id, number),
  foreign key (borough_id, meeting_id) references governance.meeting,
  foreign key (borough_id, approved_at_meeting) references governance.meeting
);
create index on governance.minutes (borough_id, approved_at_meeting);

do $$
declare t text;
begin
  foreach t in array array['plan_entry', 'meeting', 'meeting_move', 'agenda_item', 'notice_exception', 'paper',
    'attendance', 'declaration', 'ruling', 'minutes'] loop
    execute format('alter table governance.%I enable row level security', t);
    execute format('alter table governance.%I force row level security', t);
    execute format('create policy borough on governance.%I to governance_borough
                    using (borough_id = (select platform.borough()))
                    with check (borough_id = (select platform.borough()))', t);
    execute format('grant select, insert on governance.%I to governance_borough', t);
  end loop;
end $$;

grant update (matter, decision_on, particulars, published_on, version) on governance.plan_entry to governance_borough;
grant update (state, notified_at, chair_id, starts_at, place, version) on governance.meeting to governance_borough;
grant update (stored_at, version) on governance.paper to governance_borough;
grant update (left_at, version) on governance.attendance to governance_borough;
