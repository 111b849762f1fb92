//! On Postgres, as a role that neither owns the schema nor is a superuser: row-level security is in
//! force for all that control.

use crate::{
    alerts, billing, causes, harness::Database, keys, limits, outbox, quotas, reconciliation, trail,
};

macro_rules! as_service {
    ($($module:ident::$name:ident)*) => {
        $(#[tokio::test] async fn $name() {
            $module::$name(Database::postgres_as_service().await).await;
        })*
    };
}

as_service! {
    alerts::a_tenants_rule_sees_its_own_keys_only
    alerts::two_leaders_at_once_tell_an_event_once
    causes::an_alert_names_its_three_largest_groups_and_consumers_and_keeps_them
    causes::a_pattern_and_a_tenant_narrow_what_is_named
    trail::every_change_is_noted_with_who_and_what_and_no_secret
    billing::a_plan_that_a_key_takes_within_a_month_prices_from_that_day_on
    billing::a_tenant_sees_its_own_bill_and_nobody_pays_for_the_nameless
    keys::a_key_is_made_changed_and_found_in_its_scope_only
    limits::what_is_flushed_late_corrects_its_period
    limits::a_key_that_is_near_its_limit_for_hours_is_named
    limits::history_ends_after_thirty_days
    outbox::what_could_not_be_delivered_comes_again_under_its_id
    outbox::what_is_never_taken_ends_as_a_dead_letter_that_can_be_revived
    quotas::each_threshold_is_told_once_a_period_and_a_new_limit_begins_anew
    reconciliation::all_counts_agree_at_every_step_from_the_inbox_to_days
}
