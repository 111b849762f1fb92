//! What must hold of the tables at every moment.

use std::collections::BTreeMap;

use api_metrics_store::time::{Granularity, UnixSeconds};

use crate::{
    database::{Labels, Tables, retention},
    simulation::{ENDPOINTS, KEYS, SERVICES, Simulation},
    sum::Sum,
};

/// Service, endpoint, key, period.
type Place = (usize, usize, usize, UnixSeconds);

impl Simulation {
    /// Checks all invariants against the tables as last seen.
    pub(crate) fn check(&self) {
        let tables = &self.tables;
        if tables.quarantined > 0 {
            self.fail("a flush batch was quarantined");
        }
        self.every_committed_record_once();
        if !tables.has_gone_back {
            self.clean_periods_are_the_sums_of_their_children();
        }
        self.aggregate_rows_are_the_sums_of_their_base_rows();
        if self.database.buckets().is_none() {
            self.period_counts_equal_the_aggregate_rows();
        }
        self.versions_sum_up_to_the_base_rows();
        self.floors_are_in_order();
    }

    /// Inbox above the fold marks plus base rows is every committed record once; and since what is
    /// committed follows from the fences alone, a part is in if and only if the fence has reached it.
    fn every_committed_record_once(&self) {
        let tables = &self.tables;
        let mut folded: BTreeMap<Place, Sum> = BTreeMap::new();
        let mut waiting: BTreeMap<Place, Sum> = BTreeMap::new();
        for record in &self.records {
            let (Some(tag), Some(stored)) = (record.tag, record.stored) else {
                continue;
            };
            let writer = &self.writers[record.writer];
            let is_folded = tag <= tables.folded(writer.id);
            let at = if is_folded {
                tables.finest(stored).floor(stored)
            } else {
                stored
            };
            let place = (
                writer.service,
                record.endpoint,
                record.key,
                self.at_resolution(at),
            );
            let sums = if is_folded { &mut folded } else { &mut waiting };
            sums.entry(place).or_default().add(&record.sum());
        }
        let mut base: BTreeMap<Place, Sum> = BTreeMap::new();
        for granularity in Granularity::ALL {
            for ((period, id), sum) in &tables.rows[&granularity] {
                let labels = self.labels(*id);
                if labels.kind == 0 && tables.finest(*period) == granularity {
                    base.entry(self.place(labels, *period))
                        .or_default()
                        .add(sum);
                }
            }
        }
        let mut inbox: BTreeMap<Place, Sum> = BTreeMap::new();
        for ((id, seq), rows) in &tables.inbox {
            if *seq <= tables.folded(*id) {
                continue;
            }
            if *seq > tables.fence(*id) {
                self.fail("the inbox holds a flush that the fence has not reached");
            }
            for (period, series, sum) in rows {
                let place = self.place(self.labels(*series), *period);
                inbox.entry(place).or_default().add(sum);
            }
        }
        self.same("base rows", &folded, &base);
        self.same("inbox", &waiting, &inbox);
    }

    /// Where memory was coarsened, hours are the finest thing that is known of a record.
    pub(crate) fn at_resolution(&self, at: UnixSeconds) -> UnixSeconds {
        if self.scenario.coarse {
            Granularity::Hour.floor(at)
        } else {
            at
        }
    }

    fn labels(&self, series: i64) -> &Labels {
        match self.tables.series.get(&series) {
            Some(labels) => labels,
            None => self.fail(&format!("a row of series {series}, which does not exist")),
        }
    }

    fn place(&self, labels: &Labels, period: UnixSeconds) -> Place {
        let service = SERVICES.iter().position(|s| *s == labels.service).unwrap();
        let endpoint = ENDPOINTS
            .iter()
            .position(|e| *e == labels.endpoint)
            .unwrap();
        let text = self
            .tables
            .keys
            .iter()
            .find(|(_, id)| **id == labels.api_key_id);
        let key = KEYS
            .iter()
            .position(|key| *key == text.map(|(text, _)| text.as_str()))
            .unwrap();
        (service, endpoint, key, self.at_resolution(period))
    }

    fn same(&self, what: &str, expected: &BTreeMap<Place, Sum>, found: &BTreeMap<Place, Sum>) {
        for place in expected.keys().chain(found.keys()) {
            let of = |sums: &BTreeMap<Place, Sum>| sums.get(place).copied().unwrap_or_default();
            if of(expected) != of(found) {
                self.fail(&format!(
                    "{what} at {place:?}: expected {:?}, found {:?}",
                    of(expected),
                    of(found)
                ));
            }
        }
    }

    fn clean_periods_are_the_sums_of_their_children(&self) {
        let tables = &self.tables;
        for granularity in [
            Granularity::FiveMinutes,
            Granularity::Hour,
            Granularity::Day,
        ] {
            let child = finer(granularity).unwrap();
            let clean = |period: UnixSeconds| {
                period >= tables.floor(child) && !tables.dirty.contains(&(granularity, period))
            };
            let mut expected: BTreeMap<(UnixSeconds, i64), Sum> = BTreeMap::new();
            for ((start, series), sum) in &tables.rows[&child] {
                let period = granularity.floor(*start);
                if *start >= tables.floor(child) && clean(period) {
                    expected.entry((period, *series)).or_default().add(sum);
                }
            }
            let found: BTreeMap<_, _> = tables.rows[&granularity]
                .iter()
                .filter(|((period, _), _)| clean(*period))
                .map(|(at, sum)| (*at, *sum))
                .collect();
            if expected != found {
                let at = expected.iter().find(|(at, sum)| found.get(at) != Some(sum));
                let or = found.iter().find(|(at, _)| !expected.contains_key(at));
                self.fail(&format!(
                    "clean {} is not the sum of its children: {at:?} {or:?}",
                    granularity
                ));
            }
        }
    }

    fn aggregate_rows_are_the_sums_of_their_base_rows(&self) {
        let tables = &self.tables;
        for granularity in Granularity::ALL {
            let (mut expected, mut found) = (BTreeMap::<_, Sum>::new(), BTreeMap::<_, Sum>::new());
            let kept = tables.rows[&granularity]
                .iter()
                .filter(|((p, _), _)| *p >= tables.floor(granularity));
            for ((period, id), sum) in kept {
                let labels = self.labels(*id);
                if labels.kind != 0 {
                    found.entry((*period, *id)).or_default().add(sum);
                    continue;
                }
                for (kind, aggregates) in (1..).zip(labels.aggregates) {
                    let Some(aggregates) = aggregates else {
                        self.fail(&format!("series {id} has rows and no aggregate series"));
                    };
                    let of = self.labels(aggregates);
                    let wanted = Labels {
                        service: labels.service.clone(),
                        endpoint: if kind == 1 {
                            labels.endpoint.clone()
                        } else {
                            String::new()
                        },
                        api_key_id: if kind == 2 { labels.api_key_id } else { 0 },
                        kind,
                        aggregates: [None; 3],
                    };
                    if *of != wanted {
                        self.fail(&format!(
                            "series {id} counts in {of:?} instead of {wanted:?}"
                        ));
                    }
                    expected.entry((*period, aggregates)).or_default().add(sum);
                }
            }
            if expected != found {
                let g = granularity.to_string();
                self.fail(&format!(
                    "a aggregate row of {g} is not the sum of its base rows"
                ));
            }
        }
    }

    /// Also of periods that are dirty: both are behind then.
    fn period_counts_equal_the_aggregate_rows(&self) {
        let tables = &self.tables;
        for granularity in Granularity::ALL {
            let floor = tables.floor(granularity);
            let mut expected: BTreeMap<UnixSeconds, BTreeMap<i64, u64>> = BTreeMap::new();
            for ((period, id), sum) in &tables.rows[&granularity] {
                if *period >= floor && self.labels(*id).kind != 0 {
                    let counts = expected.entry(*period).or_default();
                    counts.insert(*id, sum.requests);
                }
            }
            let found = tables.counts.iter().filter(|((g, _), _)| *g == granularity);
            let found: BTreeMap<_, _> = found
                .map(|((_, period), counts)| (*period, counts.clone()))
                .collect();
            if expected != found {
                self.fail(&format!(
                    "the counts of {} are {found:?} instead of {expected:?}",
                    granularity
                ));
            }
        }
    }

    /// Every instance names a version, so all of them together are the base rows, as far back as hours are kept.
    fn versions_sum_up_to_the_base_rows(&self) {
        let tables = &self.tables;
        let kept = tables.floor(Granularity::Hour);
        let (mut expected, mut found) = (BTreeMap::new(), BTreeMap::new());
        for granularity in Granularity::ALL {
            for ((period, id), sum) in &tables.rows[&granularity] {
                let labels = self.labels(*id);
                if labels.kind == 0 && *period >= kept && tables.finest(*period) == granularity {
                    let hour = (labels.service.clone(), Granularity::Hour.floor(*period));
                    let of: &mut (u64, u64) = expected.entry(hour).or_default();
                    *of = (of.0 + sum.requests, of.1 + sum.errors);
                }
            }
        }
        for (service, period, requests, errors) in &tables.versions {
            if *period < kept {
                self.fail(&format!(
                    "counts of a version are kept at {period}, below {kept}"
                ));
            }
            let hour = (service.clone(), Granularity::Hour.floor(*period));
            let of: &mut (u64, u64) = found.entry(hour).or_default();
            *of = (of.0 + requests, of.1 + errors);
        }
        if expected != found {
            self.fail(&format!(
                "counts of versions are {found:?} instead of {expected:?}"
            ));
        }
    }

    fn floors_are_in_order(&self) {
        let tables = &self.tables;
        let floor = |g| tables.floor(g);
        let (minute, five, hour) = (
            floor(Granularity::Minute),
            floor(Granularity::FiveMinutes),
            floor(Granularity::Hour),
        );
        if !(minute >= five && five >= hour) {
            self.fail(&format!("floors out of order: {:?}", tables.floors));
        }
        for (granularity, alignment) in [
            (Granularity::Minute, 3_600),
            (Granularity::FiveMinutes, 86_400),
            (Granularity::Hour, 86_400),
        ] {
            if floor(granularity) % alignment != 0 {
                self.fail(&format!("a floor between periods: {:?}", tables.floors));
            }
        }
        for (granularity, period) in &tables.dirty {
            if finer(*granularity).is_none_or(|child| *period < floor(child)) {
                self.fail(&format!(
                    "{} {period} is marked for a recompute from children that are gone",
                    granularity
                ));
            }
        }
        let keep = |d: std::time::Duration| self.floor_bound - d.as_secs().cast_signed();
        if minute > keep(retention().minutes)
            || five > keep(retention().five_minutes)
            || hour > keep(retention().hours)
        {
            self.fail("a floor moved further than two runs ten minutes apart can have agreed on");
        }
    }

    /// Floors never go back, but by a failover.
    pub(crate) fn floors_have_not_gone_back(&self, before: &Tables) {
        for (granularity, floor) in &before.floors {
            if self.tables.floor(*granularity) < *floor {
                self.fail(&format!("the floor of {} went back", granularity));
            }
        }
    }
}

/// The granularity that a period's children have.
fn finer(granularity: Granularity) -> Option<Granularity> {
    Granularity::ALL
        .into_iter()
        .rfind(|finer| *finer < granularity)
}
