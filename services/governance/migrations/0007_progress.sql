-- What the region sees of governance: how committees come along, and counts. No names, no titles, no text.

create table governance.progress (
  borough_id uuid not null,
  committee_id uuid not null,
  region text not null,
  basis text not null,
  phase text not null,
  -- by phase: every day it was planned for, oldest plan first, and the day it was reached
  milestones jsonb not null,
  noted_at timestamptz not null,
  primary key (borough_id, committee_id)
);
-- By the month of the decision.
create table governance.decision_count (
  borough_id uuid not null,
  month date not null check (extract(day from month) = 1),
  outcome text not null,
  key_decision boolean not null,
  region text not null,
  decisions integer not null default 0 check (decisions >= 0),
  called_in integer not null default 0 check (called_in >= 0),
  primary key (borough_id, month, outcome, key_decision)
);
-- By the month in which an agenda and its papers went out.
create table governance.paper_count (
  borough_id uuid not null,
  month date not null check (extract(day from month) = 1),
  region text not null,
  on_time integer not null default 0 check (on_time >= 0),
  late integer not null default 0 check (late >= 0),
  primary key (borough_id, month)
);

do $$
declare t text;
begin
  foreach t in array array['progress', 'decision_count', 'paper_count'] loop
    execute format('alter table governance.%I enable row level security', t);
    execute format('alter table governance.%I force row level security', t);
    execute format('create policy borough on governance.%I to governance_borough
                    using (borough_id = (select platform.borough()))
                    with check (borough_id = (select platform.borough()))', t);
    execute format('create policy region on governance.%I for select to governance_region
                    using (region = (select platform.region()))', t);
    execute format('grant select, insert on governance.%I to governance_borough', t);
    execute format('grant select on governance.%I to governance_region', t);
  end loop;
end $$;

grant update (region, basis, phase, milestones, noted_at) on governance.progress to governance_borough;
grant update (decisions, called_in) on governance.decision_count to governance_borough;
grant update (on_time, late) on governance.paper_count to governance_borough;

create policy region on governance.borough for select to governance_region using (region = (select platform.region()));
grant select on governance.borough to governance_region;
