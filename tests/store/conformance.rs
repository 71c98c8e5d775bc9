//! The promises in the documentation of `Store`, each a function with a sentence for its name.
//!
//! A store's own module makes a test of each promise through one of the tables below:
//! [`every_promise`] of one store, [`every_promise_to_two`] handles on the same data, and
//! [`every_promise_to_instances`] that work side by side, which an embedded store does not make.
//! What closes days makes [`every_promise_of_closing`] and [`every_promise_of_closing_to_two`],
//! too.

use std::pin::Pin;
use std::sync::Arc;

use entrenous::store::Store;

pub(crate) mod access;
pub(crate) mod agreement;
pub(crate) mod bulk;
mod cells;
pub(crate) mod checkpoints;
pub(crate) mod closed_days;
pub(crate) mod closing;
pub(crate) mod days;
pub(crate) mod deleted;
pub(crate) mod draws;
pub(crate) mod forgetting;
mod histories;
pub(crate) mod instances;
pub(crate) mod lineage;
pub(crate) mod links;
pub(crate) mod lists;
mod model;
pub(crate) mod news;
pub(crate) mod once_names;
pub(crate) mod settling;
pub(crate) mod sites;
pub(crate) mod statistics;
pub(crate) mod today;
pub(crate) mod two_handles;
pub(crate) mod unfurls;
pub(crate) mod visitors;
pub(crate) mod works;

/// A promise of one store, and one of two.
pub(crate) type ToOne = fn(Arc<dyn Store>) -> Pin<Box<dyn Future<Output = ()>>>;
pub(crate) type ToTwo = fn(Arc<dyn Store>, Arc<dyn Store>) -> Pin<Box<dyn Future<Output = ()>>>;

/// Hands the promises of one store to a macro: functions of an `Arc<dyn Store>` on no data.
macro_rules! every_promise {
    ($take:ident) => {
        $take! {
            access::a_person_is_found_by_their_name_in_whatever_case,
            access::of_two_people_of_one_name_the_first_stays,
            access::of_concurrent_people_of_one_name_one_stays,
            access::concurrent_changes_of_a_person_all_hold,
            access::a_removed_person_is_not_there_and_not_changed,
            access::a_session_is_found_by_its_token_until_it_is_ended,
            access::a_session_that_was_ended_is_not_begun_again_by_a_late_use,
            access::a_view_is_found_by_its_token_until_it_is_forgotten,
            agreement::a_store_that_is_open_answers,
            deleted::a_deleted_code_is_given_to_its_own_site_only,
            deleted::a_name_of_a_request_stands_for_a_day_and_for_one_fingerprint,
            deleted::a_campaign_has_its_first_spelling_until_no_link_has_it,
            deleted::of_a_deleted_site_nothing_is_left_but_hashes_of_codes,
            agreement::of_session_secrets_the_first_stays,
            sites::a_site_is_found_by_its_identifier_and_by_each_of_its_keys,
            sites::of_two_sites_of_one_name_the_first_stays,
            sites::of_concurrent_sites_of_one_name_one_stays,
            sites::a_replaced_site_is_what_it_became,
            sites::keys_that_a_replaced_site_no_longer_lists_end,
            sites::of_two_changes_of_a_site_at_once_none_undoes_the_other,
            sites::sites_are_listed_by_name,
            sites::what_nobody_added_is_not_there,
            links::a_link_comes_back_as_it_was_made,
            links::a_code_that_is_taken_is_a_conflict_and_changes_nothing,
            links::no_two_codes_differ_in_case_only,
            links::a_conflict_among_concurrent_creations_spoils_no_other,
            links::of_concurrent_links_with_one_code_one_is_made,
            links::a_change_holds_and_is_returned,
            links::what_a_change_leaves_out_stays_and_what_it_empties_goes,
            links::concurrent_changes_of_different_fields_all_hold,
            links::a_link_that_is_not_there_is_not_changed_or_deleted,
            links::a_deleted_link_is_gone_with_its_counts,
            links::a_deleted_links_code_can_be_made_again_and_begins_at_nothing,
            once_names::a_name_answers_with_the_link_that_it_made_first,
            once_names::each_of_two_names_stands_for_the_link,
            once_names::a_name_that_stands_for_a_link_outweighs_a_taken_code,
            once_names::a_name_means_something_for_its_site_only,
            once_names::the_answer_is_the_link_as_it_is_now,
            once_names::of_fifty_concurrent_calls_with_one_name_one_creates,
            once_names::concurrent_calls_whose_two_names_cross_make_one_link,
            once_names::a_creation_that_conflicts_leaves_its_names_free,
            once_names::a_deleted_links_names_are_free_again,
            bulk::of_many_links_each_is_made_or_found_for_itself,
            bulk::hundreds_of_links_are_made_in_one_call_and_found_in_the_next,
            bulk::calls_for_many_links_with_the_same_names_make_each_once,
            lists::links_come_newest_first_and_within_an_hour_the_last_one_first,
            lists::a_cursor_walks_over_every_link_once,
            lists::a_cursor_holds_its_place_when_its_link_is_deleted,
            links::a_deleted_links_children_forget_it,
            lists::a_list_has_one_sites_links_and_no_deleted_ones,
            lists::each_filter_narrows_the_list,
            lists::filters_together_narrow_it_further_and_a_page_is_still_filled,
            lists::a_filter_sees_what_a_link_was_changed_to,
            settling::clicks_unfurls_and_unasked_clicks_are_counted_each_for_itself,
            settling::settling_again_in_whatever_groups_changes_nothing,
            settling::numbers_may_have_gaps_and_go_up_to_their_limit,
            settling::journals_do_not_know_of_each_other,
            settling::concurrent_journals_add_up,
            settling::one_stretch_settled_many_times_at_once_counts_once,
            settling::entries_of_links_that_are_gone_count_nothing_and_hold_up_no_others,
            settling::days_may_come_in_any_order,
            settling::nothing_to_settle_is_no_error,
            checkpoints::a_store_is_the_one_that_it_was_and_stays_it_when_it_is_adopted,
            checkpoints::every_link_is_in_a_partition,
            checkpoints::what_became_of_each_entry_is_told,
            checkpoints::entries_behind_others_that_are_missing_are_refused,
            checkpoints::what_is_confirmed_of_a_journal_is_known_and_never_less,
            checkpoints::what_is_confirmed_is_known_of_links_that_nobody_opened,
            checkpoints::a_journal_is_forgotten_when_its_time_is_over,
            checkpoints::where_nothing_is_damaged_nothing_is_set_aside,
            checkpoints::clicks_of_a_deleted_link_never_count_for_the_one_that_is_made_anew,
            checkpoints::a_link_that_is_deleted_and_made_anew_while_others_settle_has_its_own_clicks_only,
            unfurls::each_familys_unfurls_are_counted_beside_the_total,
            unfurls::settling_again_counts_no_familys_unfurl_twice,
            unfurls::concurrent_journals_add_up_for_each_family,
            unfurls::a_sites_rows_tell_its_unfurls_apart,
            unfurls::they_go_with_the_counts_of_their_day_and_no_other,
            unfurls::they_go_with_their_link,
            visitors::up_to_a_hundred_visitors_are_counted_exactly,
            visitors::the_511th_visitor_is_still_counted_exactly,
            visitors::five_thousand_visitors_are_counted_within_two_percent,
            visitors::a_visitor_counts_once_a_day_and_again_the_next,
            visitors::a_visitor_of_two_links_counts_for_each,
            visitors::settling_again_adds_no_visitor,
            visitors::of_a_days_sets_with_different_keys_the_largest_one_counts,
            forgetting::forgotten_visitors_leave_their_number,
            forgetting::a_late_click_of_a_forgotten_day_begins_a_set_of_its_own,
            forgetting::visitors_of_later_days_are_still_known,
            forgetting::counts_before_a_day_go_and_later_ones_stay,
            forgetting::a_shares_link_keeps_its_code_destination_and_channel_after_the_retention_time,
            forgetting::links_outlive_their_counts_and_count_again,
            statistics::a_links_counts_are_those_of_the_days_asked_for,
            statistics::a_site_has_a_row_for_each_page_channel_campaign_and_day,
            statistics::a_share_counts_on_the_day_its_link_was_made,
            statistics::a_changed_links_counts_follow_it_from_the_next_day_on,
            statistics::a_deleted_link_leaves_the_statistics,
            statistics::a_sites_statistics_are_its_own_and_of_the_days_asked_for,
            days::a_day_has_a_row_for_each_link_and_its_share,
            today::open_totals_are_those_of_a_sites_day_by_channel,
            lineage::shares_are_told_apart_by_channel_generation_and_the_parents_channel,
            lineage::shares_are_those_of_the_days_asked_for,
            lineage::a_parent_that_is_gone_or_was_made_again_is_nobodys,
            lineage::many_shares_of_many_parents_are_all_counted,
            news::at_the_beginning_anything_may_have_changed,
            works::of_fifty_concurrent_calls_one_takes_a_piece_of_work,
            works::work_that_is_held_is_free_again_when_its_time_is_over,
            works::work_that_is_done_is_held_for_as_long_as_one_says,
            works::whoever_takes_work_months_ahead_frees_no_other_piece,
        }
    };
}
pub(crate) use every_promise;

/// Hands the promises of two handles on the same data to a macro: functions of two stores.
macro_rules! every_promise_to_two {
    ($take:ident) => {
        $take! {
            access::what_one_handle_ends_has_ended_for_the_other,
            two_handles::a_second_handle_sees_sites_and_links,
            two_handles::a_second_handle_knows_the_names_and_the_secret,
            two_handles::a_second_handle_sees_the_counts_and_how_far_they_go,
            two_handles::both_handles_may_write_at_once,
            news::what_another_handle_changes_or_deletes_is_told,
            news::a_replaced_site_may_change_everything,
        }
    };
}
pub(crate) use every_promise_to_two;

/// Hands the promises of instances that work side by side to a macro: functions of two stores.
macro_rules! every_promise_to_instances {
    ($take:ident) => {
        $take! {
            instances::of_day_keys_the_first_stays_for_its_day,
            instances::concurrent_instances_agree_on_one_day_key,
            instances::a_visitor_of_two_instances_counts_once,
            instances::visitors_forgotten_by_one_instance_are_forgotten_by_all,
            closing::two_instances_may_close_the_same_days_and_weeks_at_once,
            today::networks_that_came_through_any_instance_are_taken_once,
            today::of_two_notes_of_a_day_at_once_one_holds,
            news::a_link_that_another_instance_makes_changes_or_deletes_is_told_by_its_code,
        }
    };
}
pub(crate) use every_promise_to_instances;

/// Hands the promises of a store that closes days to a macro: functions of an `Arc<dyn Store>` on
/// no data.
macro_rules! every_promise_of_closing {
    ($take:ident) => {
        $take! {
            closing::with_k_of_one_everything_is_closed_exactly,
            closing::a_link_is_no_cell_with_k_visitors_or_k_networks_and_one_with_2k_of_both,
            closing::a_visitor_whose_network_nobody_knows_is_of_none,
            closing::a_pools_networks_are_united_over_its_links_on_one_day,
            closing::a_pools_networks_are_added_over_days,
            closing::what_is_not_enough_for_a_page_joins_its_channel_and_is_deleted_where_that_is_not_enough,
            closing::one_days_networks_are_not_added_over_the_pages_of_a_channel,
            closing::opens_are_a_cell_from_2k_plus_1_to_4k_whatever_the_clicks_are,
            closing::opens_of_a_page_come_together_in_the_week,
            closing::unfurls_are_rounded_when_their_day_closes_each_family_for_itself,
            closing::closing_again_changes_nothing,
            closing::a_week_is_due_when_it_has_pools_and_no_day_of_it_is_open,
            closing::days_without_counts_are_closed_by_a_note_and_others_by_themselves,
            closing::many_links_are_closed_without_a_loss_while_others_settle_and_read,
            closing::closings_that_are_interrupted_end_with_the_same_sums,
            days::a_closed_day_has_its_links_cells_and_the_shares,
            days::marks_tell_every_change_of_a_closed_day,
            days::marks_tell_that_a_day_is_open_until_its_last_click_is_closed,
            days::marks_tell_every_change_of_a_closed_week,
            closed_days::late_clicks_count_on_the_first_day_after_theirs_that_is_not_closed,
            closed_days::a_clock_that_was_months_ahead_makes_nothing_late,
            closed_days::late_clicks_come_from_no_network,
            closed_days::a_day_that_is_closed_after_its_week_joins_the_first_week_that_is_not,
            closed_days::what_was_closed_is_not_written_back_by_later_clicks,
            closed_days::a_links_day_has_the_page_and_the_campaign_that_the_link_had_when_the_day_began,
            closed_days::a_deleted_link_takes_its_cells_and_its_open_day_and_pools_keep_what_they_have,
            closed_days::cells_and_pools_go_when_their_time_is_over,
            closed_days::each_day_keeps_the_k_that_it_was_closed_with,
            today::networks_are_those_that_came_since_they_were_taken_last,
            today::what_is_closed_is_not_among_the_open_totals,
            draws::thresholds_and_rounding_are_uniform_and_drawn_once,
            closing::random_histories_become_what_the_rule_makes_of_them,
        }
    };
}
pub(crate) use every_promise_of_closing;

/// Hands those of two handles on the same data to a macro: functions of two stores.
macro_rules! every_promise_of_closing_to_two {
    ($take:ident) => {
        $take! {
            closing::two_handles_may_close_the_same_days_at_once,
        }
    };
}
pub(crate) use every_promise_of_closing_to_two;
