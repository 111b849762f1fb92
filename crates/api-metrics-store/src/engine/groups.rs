//! The answer in the making: sums by group and step.
//!
//! A group is a combination of the labels that a query groups by, such as `endpoint = /orders`. Series,
//! inbox rows and rows in memory are all mapped to the number of their group first, so that no text is
//! compared while rows are added.

use std::{cmp::Reverse, collections::HashMap, sync::Arc};

use foldhash::fast::RandomState;

use super::backend::{Result, SeriesLabels};
use crate::{
    bucket::Bucket,
    query::{Group, GroupBy, Row, TopK},
    sketch::{self, SketchKind},
    store::ApiKeyInfo,
    time::UnixSeconds,
};

/// Whose the keys are.
#[derive(Default)]
pub(super) struct KeyOwners {
    /// Users and teams by the number of the key; nothing of keys that have neither.
    by_key: HashMap<i64, [Arc<str>; 2], RandomState>,
    /// Of keys that belong to nobody.
    nobody: Arc<str>,
}

impl KeyOwners {
    /// Those of these keys.
    pub(super) fn of(keys: Vec<ApiKeyInfo>) -> Self {
        let text = |text: Option<String>| text.unwrap_or_default().into();
        let owned = keys
            .into_iter()
            .filter(|key| key.user_id.is_some() || key.team_id.is_some());
        let owned = owned.map(|key| (key.id, [text(key.user_id), text(key.team_id)]));
        Self {
            by_key: owned.collect(),
            nobody: "".into(),
        }
    }

    /// The user of a key; empty for none.
    fn user(&self, key: i64) -> Arc<str> {
        let owner = self.by_key.get(&key).map_or(&self.nobody, |[user, _]| user);
        Arc::clone(owner)
    }

    /// The team of a key; empty for none.
    fn team(&self, key: i64) -> Arc<str> {
        let owner = self.by_key.get(&key).map_or(&self.nobody, |[_, team]| team);
        Arc::clone(owner)
    }
}

/// Groups by number, in the order in which they were met. They are told apart by names once, and by
/// numbers from then on. Numbers start at 0 and have no gaps.
pub(super) struct Groups {
    /// The labels that are grouped by.
    by: GroupBy,
    /// Users and teams by the number of the key, where they are grouped by.
    owners: Arc<KeyOwners>,
    /// The groups by their numbers, without a time.
    names: Vec<Group>,
    /// The numbers by groups.
    numbers: HashMap<Group, usize, RandomState>,
}

impl Groups {
    /// No group yet. `owners` know users and teams where they are grouped by.
    pub(super) fn new(by: GroupBy, owners: Arc<KeyOwners>) -> Self {
        Self {
            by,
            owners,
            names: Vec::new(),
            numbers: HashMap::default(),
        }
    }

    /// The number of the group that a series counts in; a group that is new gets the next one. Labels
    /// that are not grouped by don't matter.
    pub(super) fn number(&mut self, labels: &SeriesLabels) -> usize {
        let by = &self.by;
        let label = |wanted: bool, label: &Arc<str>| wanted.then(|| Arc::clone(label));
        let group = Group {
            period_start: None,
            service: label(by.service, &labels.service),
            environment: label(by.environment, &labels.environment),
            protocol: label(by.protocol, &labels.protocol),
            method: label(by.method, &labels.method),
            endpoint: label(by.endpoint, &labels.endpoint),
            api_key_id: by.api_key.then_some(labels.api_key_id),
            user_id: by.user.then(|| self.owners.user(labels.api_key_id)),
            team_id: by.team.then(|| self.owners.team(labels.api_key_id)),
        };
        *self.numbers.entry(group).or_insert_with_key(|group| {
            self.names.push(group.clone());
            self.names.len() - 1
        })
    }

    /// Makes the one group that everything counts in, as number 0. For a query that groups by nothing,
    /// where the inbox counts although no stored series does.
    pub(super) fn only(&mut self) {
        if self.names.is_empty() {
            self.names.push(Group::default());
            self.numbers.insert(Group::default(), 0);
        }
    }

    /// Whether all series count in one group: the query groups by no label. Grouping by time does not
    /// matter here.
    pub(super) const fn is_one(&self) -> bool {
        let by = &self.by;
        let keys = by.api_key || by.user || by.team;
        !(by.service || by.environment || by.protocol || by.method || by.endpoint || keys)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.names.len()
    }

    /// The numbers of the groups with the most requests, at most `top.limit`, in the order of their
    /// rank. With a cursor, only those that rank after it. Groups with equal requests rank by their
    /// labels, so that pages neither repeat nor miss one. Groups without an entry in `requests` do not
    /// rank. O(n log n) in the groups.
    pub(super) fn top_k(
        &self,
        requests: &HashMap<usize, u64>,
        top: &TopK,
    ) -> impl Iterator<Item = usize> {
        let after = top.after.as_ref();
        let after = after.map(|rank| (Reverse(rank.requests), &rank.group));
        let ranks = requests.iter();
        let ranks = ranks.filter_map(|(number, requests)| {
            let rank = (Reverse(*requests), self.names.get(*number)?);
            (Some(rank) > after).then_some((rank, *number))
        });
        let mut ranks: Vec<_> = ranks.collect();
        ranks.sort_unstable();
        ranks.into_iter().map(|(_, number)| number).take(top.limit)
    }
}

/// Sums by group and step: the cells of an answer.
pub(super) struct AnswerSums {
    /// The kind of all sketches in it.
    kind: SketchKind,
    /// Memory for merging, used again for each cell.
    sketches: sketch::SketchMerger,
    /// By group and step. Cells without any record are missing.
    cells: HashMap<(usize, usize), Bucket, RandomState>,
}

impl AnswerSums {
    /// No cell yet.
    pub(super) fn new(kind: SketchKind) -> Self {
        Self {
            kind,
            sketches: sketch::SketchMerger::default(),
            cells: HashMap::default(),
        }
    }

    /// Adds a bucket and any number of encoded sketches, one after another, to a cell.
    /// # Errors
    /// `StoreError::Corrupt` where a sketch can't be read or is of another kind.
    pub(super) fn add(
        &mut self,
        group: usize,
        step: usize,
        counts: &Bucket,
        sketches: &[u8],
    ) -> Result<()> {
        let sum = self
            .cells
            .entry((group, step))
            .or_insert_with(|| Bucket::new(self.kind));
        sum.merge(counts)?;
        if !sketches.is_empty() {
            self.sketches
                .merge(sketches, &mut sum.sketch, &mut sum.headers_sketch)?;
        }
        Ok(())
    }

    /// The rows of an answer, in the order of their groups.
    pub(super) fn rows(
        self,
        groups: &Groups,
        edges: &[UnixSeconds],
        approximate: &[bool],
    ) -> Vec<Row> {
        let mut rows: Vec<Row> = self
            .cells
            .into_iter()
            .filter_map(|((group, step), bucket)| {
                let mut group = groups.names.get(group)?.clone();
                if groups.by.time.is_some() {
                    group.period_start = Some(*edges.get(step)?);
                }
                Some(Row {
                    group,
                    bucket,
                    approximate: approximate.get(step).copied().unwrap_or_default(),
                })
            })
            .collect();
        rows.sort_unstable_by(|a, b| a.group.cmp(&b.group));
        rows
    }
}
