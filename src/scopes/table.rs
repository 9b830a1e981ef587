//! Attio's endpoints and the scopes that each requires: data, from the OpenAPI document that Attio serves at
//! <https://api.attio.com/openapi/api> (version 2.0.0, as published on 2026-03-02 in the public repository interfere-inc/attio; its
//! descriptions and its security requirements name the same scopes). The SCIM endpoints, which a token of a workspace cannot use, are left
//! out. For the creation of an attribute the document names no scope; the one of its update is assumed.

/// Where the table is from.
pub const SOURCE: &str = "https://api.attio.com/openapi/api";

/// When the source was published.
pub const PUBLISHED: &str = "2026-03-02";

/// An endpoint.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub method: &'static str,
    /// The path below `/v2/`. Parameters are in braces.
    pub path: &'static str,
    /// The scopes that it requires, separated by a space. Empty if it requires none.
    pub scopes: &'static str,
    /// The resource and the method of a generated client: `records.query`.
    pub client: &'static str,
}

macro_rules! endpoints {
    ($($method:ident $path:literal $scopes:literal $client:literal)*) => {
        &[$(Endpoint { method: stringify!($method), path: $path, scopes: $scopes, client: $client }),*]
    };
}

pub(super) const ENDPOINTS: &[Endpoint] = endpoints! {
    GET "objects" "object_configuration:read" "objects.list"
    POST "objects" "object_configuration:read-write" "objects.create"
    GET "objects/{object}" "object_configuration:read" "objects.get"
    PATCH "objects/{object}" "object_configuration:read-write" "objects.update"
    GET "{target}/{identifier}/attributes" "object_configuration:read" "attributes.list"
    POST "{target}/{identifier}/attributes" "object_configuration:read-write" "attributes.create"
    GET "{target}/{identifier}/attributes/{attribute}" "object_configuration:read" "attributes.get"
    PATCH "{target}/{identifier}/attributes/{attribute}" "object_configuration:read-write" "attributes.update"
    GET "{target}/{identifier}/attributes/{attribute}/options" "object_configuration:read" "attributes.listOptions"
    POST "{target}/{identifier}/attributes/{attribute}/options" "object_configuration:read-write" "attributes.createOption"
    PATCH "{target}/{identifier}/attributes/{attribute}/options/{option}" "object_configuration:read-write" "attributes.updateOption"
    GET "{target}/{identifier}/attributes/{attribute}/statuses" "object_configuration:read" "attributes.listStatuses"
    POST "{target}/{identifier}/attributes/{attribute}/statuses" "object_configuration:read-write" "attributes.createStatus"
    PATCH "{target}/{identifier}/attributes/{attribute}/statuses/{status}" "object_configuration:read-write" "attributes.updateStatus"
    POST "objects/{object}/records/query" "object_configuration:read record_permission:read" "records.query"
    POST "objects/{object}/records" "object_configuration:read record_permission:read-write" "records.create"
    PUT "objects/{object}/records" "object_configuration:read record_permission:read-write" "records.assert"
    GET "objects/{object}/records/{record_id}" "object_configuration:read record_permission:read" "records.get"
    PATCH "objects/{object}/records/{record_id}" "object_configuration:read record_permission:read-write" "records.update"
    PUT "objects/{object}/records/{record_id}" "object_configuration:read record_permission:read-write" "records.overwriteUpdate"
    DELETE "objects/{object}/records/{record_id}" "object_configuration:read record_permission:read-write" "records.delete"
    GET "objects/{object}/records/{record_id}/attributes/{attribute}/values" "object_configuration:read record_permission:read" "records.getAttributeValues"
    GET "objects/{object}/records/{record_id}/entries" "list_entry:read object_configuration:read record_permission:read" "records.listEntries"
    POST "objects/records/search" "object_configuration:read record_permission:read" "records.search"
    GET "lists" "list_configuration:read" "lists.list"
    POST "lists" "list_configuration:read-write" "lists.create"
    GET "lists/{list}" "list_configuration:read" "lists.get"
    PATCH "lists/{list}" "list_configuration:read-write" "lists.update"
    POST "lists/{list}/entries/query" "list_configuration:read list_entry:read" "entries.query"
    POST "lists/{list}/entries" "list_configuration:read list_entry:read-write" "entries.create"
    PUT "lists/{list}/entries" "list_configuration:read list_entry:read-write" "entries.upsertByParent"
    GET "lists/{list}/entries/{entry_id}" "list_configuration:read list_entry:read" "entries.get"
    PATCH "lists/{list}/entries/{entry_id}" "list_configuration:read list_entry:read-write" "entries.appendUpdate"
    PUT "lists/{list}/entries/{entry_id}" "list_configuration:read list_entry:read-write" "entries.update"
    DELETE "lists/{list}/entries/{entry_id}" "list_configuration:read list_entry:read-write" "entries.delete"
    GET "lists/{list}/entries/{entry_id}/attributes/{attribute}/values" "list_configuration:read list_entry:read" "entries.listAttributeValues"
    GET "workspace_members" "user_management:read" "workspaceMembers.list"
    GET "workspace_members/{workspace_member_id}" "user_management:read" "workspaceMembers.get"
    GET "notes" "note:read object_configuration:read record_permission:read" "notes.list"
    POST "notes" "note:read-write object_configuration:read record_permission:read" "notes.create"
    GET "notes/{note_id}" "note:read object_configuration:read record_permission:read" "notes.get"
    DELETE "notes/{note_id}" "note:read-write" "notes.delete"
    GET "tasks" "object_configuration:read record_permission:read task:read user_management:read" "tasks.list"
    POST "tasks" "object_configuration:read record_permission:read task:read-write user_management:read" "tasks.create"
    GET "tasks/{task_id}" "object_configuration:read record_permission:read task:read user_management:read" "tasks.get"
    PATCH "tasks/{task_id}" "object_configuration:read record_permission:read task:read-write user_management:read" "tasks.update"
    DELETE "tasks/{task_id}" "task:read-write" "tasks.delete"
    GET "threads" "comment:read" "threads.list"
    GET "threads/{thread_id}" "comment:read" "threads.get"
    POST "comments" "comment:read-write" "comments.create"
    GET "comments/{comment_id}" "comment:read" "comments.get"
    DELETE "comments/{comment_id}" "comment:read-write" "comments.delete"
    GET "meetings" "meeting:read record_permission:read" "meetings.list"
    POST "meetings" "meeting:read-write record_permission:read" "meetings.createOrFind"
    GET "meetings/{meeting_id}" "meeting:read record_permission:read" "meetings.get"
    GET "meetings/{meeting_id}/call_recordings" "call_recording:read meeting:read" "callRecordings.listByMeeting"
    POST "meetings/{meeting_id}/call_recordings" "call_recording:read-write meeting:read" "callRecordings.create"
    GET "meetings/{meeting_id}/call_recordings/{call_recording_id}" "call_recording:read meeting:read" "callRecordings.get"
    DELETE "meetings/{meeting_id}/call_recordings/{call_recording_id}" "call_recording:read-write meeting:read" "callRecordings.delete"
    GET "meetings/{meeting_id}/call_recordings/{call_recording_id}/transcript" "call_recording:read meeting:read" "transcripts.get"
    GET "webhooks" "webhook:read" "webhooks.list"
    POST "webhooks" "webhook:read-write" "webhooks.create"
    GET "webhooks/{webhook_id}" "webhook:read" "webhooks.get"
    PATCH "webhooks/{webhook_id}" "webhook:read-write" "webhooks.update"
    DELETE "webhooks/{webhook_id}" "webhook:read-write" "webhooks.delete"
    GET "self" "" "meta.identify"
};
