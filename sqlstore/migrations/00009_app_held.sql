-- Those whom an admin has said a word about are few among many.

-- +goose Up
create index app_objects_held on app_objects (tenant, app, type, anchor) where held <> '';

-- +goose Down
drop index app_objects_held;
