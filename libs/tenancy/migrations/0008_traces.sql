-- The trace an event belongs to, as a W3C traceparent: so that it goes on where the event is taken in.

alter table platform.outbox add column trace text check (length(trace) <= 55);
alter table platform.inbox add column trace text check (length(trace) <= 55);
grant insert (trace) on platform.outbox to kind_borough, kind_platform;
