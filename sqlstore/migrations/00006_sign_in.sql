-- Who is signed in, and by what. Secrets are kept as their SHA-256, so the
-- hash is the key, as of tokens. Tenant 0 is the installation's operators.

-- +goose Up
create table passwords (
  tenant  bigint not null,
  user_id KEY    not null,
  hash    text   not null,
  changed bigint not null,
  primary key (tenant, user_id)
);

create table sign_in_links (
  hash       KEY    not null primary key,
  tenant     bigint not null,
  user_id    KEY    not null,
  invitation KEY    not null,
  created    bigint not null,
  expires    bigint not null
);
create index sign_in_links_user on sign_in_links (tenant, user_id);
create index sign_in_links_invitation on sign_in_links (tenant, invitation) where invitation <> '';
create index sign_in_links_expires on sign_in_links (tenant, expires);

create table sessions (
  hash       KEY     not null primary key,
  tenant     bigint  not null,
  id         KEY     not null,
  user_id    KEY     not null,
  invitation KEY     not null,
  by_link    boolean not null,
  created    bigint  not null,
  ends       bigint  not null,
  last_seen  bigint  not null,
  client     text    not null,
  address    text    not null
);
create index sessions_user on sessions (tenant, user_id);
create index sessions_invitation on sessions (tenant, invitation) where invitation <> '';
create index sessions_ends on sessions (tenant, ends);

create table invitations (
  tenant  bigint not null,
  id      KEY    not null,
  name    text   not null,
  made_by KEY    not null,
  created bigint not null,
  expires bigint not null,
  opened  bigint not null,
  ended   bigint not null,
  primary key (tenant, id)
);

-- +goose Down
drop table invitations;
drop table sessions;
drop table sign_in_links;
drop table passwords;
