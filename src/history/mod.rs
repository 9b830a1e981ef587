//! The scan of a whole history. It reads every object once, reports missing objects, and finds out for each token when it was
//! introduced and removed.

#[cfg(feature = "archives")]
pub(crate) mod archive_paths;
#[cfg_attr(not(feature = "archives"), path = "no_archives.rs")]
pub(crate) mod archives;
pub(crate) mod at_remote;
pub(crate) mod baselined;
pub(crate) mod clean_cache;
pub(crate) mod commit_graph;
pub(crate) mod completeness;
pub(crate) mod database;
pub(crate) mod dedup;
pub(crate) mod graph_collector;
pub(crate) mod label_tokens;
pub(crate) mod labels;
pub(crate) mod mask_cache;
pub(crate) mod numbers;
pub(crate) mod progress;
pub(crate) mod provenance;
pub(crate) mod references;
pub(crate) mod show;
pub(crate) mod since_last;
pub(crate) mod source;
pub(crate) mod token_history;
pub(crate) mod trace;
pub(crate) mod tree_edges;
pub(crate) mod tree_graph;
pub(crate) mod work;
