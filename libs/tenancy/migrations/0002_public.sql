-- Anybody, without a token: reads what one borough has published, and nothing else.

do $$ begin
  begin
    create role kind_public nologin;
  exception when duplicate_object or unique_violation then null;
  end;
end $$;
grant usage on schema platform to kind_public;
grant execute on function platform.borough() to kind_public;
