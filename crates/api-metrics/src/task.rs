//! The names of the background tasks.
//!
//! [`background`](crate::background) runs them and [`health`](crate::health) reports them, so both stand above
//! this module.

/// Work that comes again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Memory to store.
    Flush,
    /// Inbox to buckets.
    Fold,
    /// Buckets to coarser buckets.
    RollUp,
    /// Floors, and what lies below them.
    Retain,
    /// Chosen requests to the request log.
    FlushRequests,
    /// Days of the request log that are too old, or take too much room.
    RetainRequests,
    /// Buckets to alerts, limits and quotas.
    #[cfg(feature = "control")]
    Evaluate,
    /// Notices to notifiers.
    #[cfg(feature = "control")]
    Deliver,
    /// What is due of the host's jobs.
    #[cfg(feature = "control")]
    Jobs,
}

impl Task {
    pub(crate) const ALL: &[Self] = &[
        Self::Flush,
        Self::Fold,
        Self::RollUp,
        Self::Retain,
        Self::FlushRequests,
        Self::RetainRequests,
        #[cfg(feature = "control")]
        Self::Evaluate,
        #[cfg(feature = "control")]
        Self::Deliver,
        #[cfg(feature = "control")]
        Self::Jobs,
    ];
    /// All but the one that takes records out of memory.
    pub(crate) const UPKEEP: &[Self] = Self::ALL.split_at(1).1;

    /// Whether nothing but the request log depends on it.
    pub(crate) const fn is_of_request_log(self) -> bool {
        matches!(self, Self::FlushRequests | Self::RetainRequests)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Flush => "flush",
            Self::Fold => "fold",
            Self::RollUp => "rollup",
            Self::Retain => "retention",
            Self::FlushRequests => "requests",
            Self::RetainRequests => "request retention",
            #[cfg(feature = "control")]
            Self::Evaluate => "alerts",
            #[cfg(feature = "control")]
            Self::Deliver => "notices",
            #[cfg(feature = "control")]
            Self::Jobs => "jobs",
        }
    }
}
