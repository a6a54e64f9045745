-- The key of a name is null once the application is gone, so that the name is
-- free again.

-- +goose Up
create table applications (
  tenant   bigint  not null,
  id       KEY     not null,
  name     text    not null,
  name_key KEY,
  document text    not null,
  secrets  text    not null,
  created  bigint  not null,
  changed  bigint  not null,
  seq      bigint  not null,
  gone     boolean not null,
  primary key (tenant, id)
);
create unique index applications_name on applications (tenant, name_key);

-- +goose Down
drop table applications;
