//! Test deliveries to a webhook handler: signed as a vendor signs them, and wrong in one way each.

pub mod probe;
pub mod scheme;
