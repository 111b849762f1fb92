//! Reads and what they must answer.

use std::{cmp::Reverse, collections::BTreeMap};

use api_metrics_store::{
    bucket::Bucket,
    query::{Answer, Detail, Group, GroupBy, Query, RankCursor, TimeRange, TimeStep, TopK},
    sketch::SketchKind,
    time::{Granularity, UnixSeconds},
};

use crate::{
    database::Tables,
    simulation::{Capture, ENDPOINTS, KEYS, SERVICES, Simulation, plausible},
};

/// What a read may see: a state of the database, and which records it holds at which minute.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) tables: Tables,
    pub(crate) stored: Vec<Option<UnixSeconds>>,
}

impl Simulation {
    pub(crate) fn state(&self) -> State {
        State {
            tables: self.tables.clone(),
            stored: self.records.iter().map(|record| record.stored).collect(),
        }
    }

    pub(crate) fn random_query(&mut self) -> Query {
        let now = self.now();
        let random = &mut self.random;
        // What goes next lies behind a floor.
        let mut floors: Vec<_> = self.tables.floors.values().copied().collect();
        floors.retain(|floor| *floor > 0);
        let near = |random: &mut api_metrics_tests::random::Random| match random.below(7) {
            0 => now + random.between(-7_200, 3_700),
            1 => now + random.between(-3, 3) * 3_600,
            2 => now + random.between(-40, 2) * 86_400,
            3 => crate::simulation::NOON + random.between(-86_400 * 3, 86_400 * 3),
            4 | 5 => random.pick(&floors) + random.between(-600, 7_200),
            _ => now + random.between(-90 * 86_400, 86_400),
        };
        let (a, b) = (near(random), near(random));
        let (mut from, mut to) = (a.min(b), a.max(b) + 1);
        if self.scenario.coarse {
            (from, to) = (
                Granularity::Hour.floor(from),
                Granularity::Hour.floor(to + 3_599),
            );
        }
        let mut steps = vec![None, None, Some(Granularity::Hour), Some(Granularity::Day)];
        if !self.scenario.coarse {
            steps.extend([Some(Granularity::Minute), Some(Granularity::FiveMinutes)]);
        }
        let mut time = *random.pick(&steps);
        // Not more steps than a chart would have.
        if time.is_some_and(|g| (to - from) / g.seconds() > 2_000) {
            time = None;
        }
        let keys: Vec<i64> = self.tables.keys.values().copied().chain([0]).collect();
        let mut group_by = GroupBy::default();
        group_by.service = random.one_in(2);
        group_by.endpoint = random.one_in(3);
        group_by.api_key = random.one_in(3);
        group_by.time = time.map(TimeStep::Fixed);
        let top = random.one_in(3).then(|| {
            let mut top = TopK::first(random.index(4));
            top.after = random.one_in(2).then(|| {
                RankCursor::new(random.below(30), {
                    let mut group = Group::default();
                    group.service = group_by.service.then(|| (*random.pick(&SERVICES)).into());
                    group.endpoint = group_by.endpoint.then(|| (*random.pick(&ENDPOINTS)).into());
                    group.api_key_id = group_by.api_key.then(|| *random.pick(&keys));
                    group
                })
            });
            top
        });
        {
            let mut query = Query::over(TimeRange::new(from, to));
            query.filter.service = random
                .one_in(4)
                .then(|| (*random.pick(&SERVICES)).to_owned());
            query.filter.endpoint = random
                .one_in(4)
                .then(|| (*random.pick(&ENDPOINTS)).to_owned());
            query.filter.api_key_id = random.one_in(4).then(|| *random.pick(&keys));
            query.group_by = group_by;
            query.top = top;
            query.detail = *random.pick(&[Detail::Requests, Detail::Counts, Detail::Quantiles]);
            query
        }
    }

    /// Says how an answer differs from what it must be, if it does.
    pub(crate) fn judge(
        &self,
        answer: &Answer,
        query: &Query,
        own: Option<(usize, &Capture)>,
        state: &State,
    ) -> Result<(), String> {
        let edges = edges(query, &state.tables);
        let range = TimeRange::new(edges[0], edges[edges.len() - 1]);
        if answer.range != range {
            return Err(format!(
                "the range is {:?} instead of {range:?}",
                answer.range
            ));
        }
        if answer.as_of_us != self.now() * 1_000_000 {
            return Err(format!("it says it is of {}", answer.as_of_us));
        }
        let expected = self.expected(query, own, state, &edges);
        let mut found: BTreeMap<Group, Bucket> = BTreeMap::new();
        for row in &answer.rows {
            found.insert(row.group.clone(), row.bucket.clone());
        }
        if expected == found {
            return Ok(());
        }
        for group in expected.keys().chain(found.keys()) {
            if expected.get(group) != found.get(group) {
                return Err(format!(
                    "{group:?}: expected {:?}, found {:?}",
                    expected.get(group),
                    found.get(group)
                ));
            }
        }
        Err("other rows".into())
    }

    fn expected(
        &self,
        query: &Query,
        own: Option<(usize, &Capture)>,
        state: &State,
        edges: &[UnixSeconds],
    ) -> BTreeMap<Group, Bucket> {
        let mut groups: BTreeMap<Group, Bucket> = BTreeMap::new();
        for (at, record) in self.records.iter().enumerate() {
            // Committed at the snapshot; or captured and not in yet, by its number.
            let captured = own.and_then(|(history, capture)| {
                let tag = capture.records.get(&at)?;
                (*tag > state.tables.fence(self.writers[history].id)).then_some(())
            });
            let stored = state.stored.get(at).copied().flatten();
            let minute = match (stored, captured) {
                (Some(stored), _) => stored,
                (None, Some(())) => plausible(record.minute, self.now()),
                (None, None) => continue,
            };
            let minute = self.at_resolution(minute);
            let Some(step) = edges.partition_point(|edge| *edge <= minute).checked_sub(1) else {
                continue;
            };
            if step + 1 == edges.len() {
                continue;
            }
            let service = SERVICES[self.writers[record.writer].service];
            let endpoint = ENDPOINTS[record.endpoint];
            // A key that was first seen since the last flush has no number yet.
            let key =
                KEYS[record.key].map_or(0, |k| state.tables.keys.get(k).copied().unwrap_or(-1));
            let filter = &query.filter;
            if filter
                .service
                .as_deref()
                .is_some_and(|wanted| wanted != service)
                || filter
                    .endpoint
                    .as_deref()
                    .is_some_and(|wanted| wanted != endpoint)
                || filter.api_key_id.is_some_and(|wanted| wanted != key)
            {
                continue;
            }
            let by = &query.group_by;
            let mut group = Group::default();
            group.period_start = by.time.map(|_| edges[step]);
            group.service = by.service.then(|| service.into());
            group.endpoint = by.endpoint.then(|| endpoint.into());
            group.api_key_id = by.api_key.then_some(key);
            let bucket = groups
                .entry(group)
                .or_insert_with(|| Bucket::new(SketchKind::Histogram));
            record.count_in(bucket);
        }
        if let Some(top) = &query.top {
            keep(&mut groups, top);
        }
        for bucket in groups.values_mut() {
            let mut nothing = Bucket::new(SketchKind::Histogram);
            match query.detail {
                Detail::Requests => {
                    nothing.request_count = bucket.request_count;
                    *bucket = nothing;
                }
                Detail::Counts => bucket.sketch = nothing.sketch,
                Detail::Quantiles => {}
            }
        }
        groups
    }
}

/// Leaves the groups that rank so.
fn keep(groups: &mut BTreeMap<Group, Bucket>, top: &TopK) {
    let timeless = |group: &Group| {
        let mut group = group.clone();
        group.period_start = None;
        group
    };
    let mut requests: BTreeMap<Group, u64> = BTreeMap::new();
    for (group, bucket) in &*groups {
        *requests.entry(timeless(group)).or_default() += bucket.request_count;
    }
    let mut ranks: Vec<_> = requests
        .into_iter()
        .map(|(group, requests)| (Reverse(requests), group))
        .collect();
    ranks.sort();
    if let Some(after) = &top.after {
        ranks.retain(|rank| *rank > (Reverse(after.requests), after.group.clone()));
    }
    ranks.truncate(top.limit);
    groups.retain(|group, _| ranks.iter().any(|(_, kept)| *kept == timeless(group)));
}

/// The edges of the steps of an answer: each at the start of the finest period that is kept there.
fn edges(query: &Query, tables: &Tables) -> Vec<UnixSeconds> {
    let (from, to) = (query.range.from, query.range.to);
    let down = |at| tables.finest(at).floor(at);
    let mut edges = vec![down(from)];
    let end = {
        let granularity = tables.finest(to - 1);
        granularity.floor(to + granularity.seconds() - 1)
    };
    if let Some(TimeStep::Fixed(step)) = query.group_by.time {
        let mut edge = step.floor(from) + step.seconds();
        while edge < to {
            let snapped = down(edge);
            if snapped > edges[edges.len() - 1] && snapped < end {
                edges.push(snapped);
            }
            edge += step.seconds();
        }
    }
    edges.push(end);
    edges
}
