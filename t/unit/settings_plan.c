#include "settings_fixture.h"


static void
r48_bounds_of_seats_are_taken_to_the_edge(void **state)
{
    billing_terms_t  *team = &settings.catalogue.plans[BILLING_PLAN_TEAM];

    (void) state;

    assert_int_equal(settings_with("\"seats_min\": 1, \"window_max\": 100,",
                                   "\"seats_min\": 7, \"window_max\": 7,"),
                     BILLING_OK);
    assert_int_equal(team->seats_min, 7);
    assert_int_equal(team->window_max, 7);

    assert_int_equal(settings_with("\"seats_min\": 1, \"window_max\": 100,",
                                   "\"window_max\": 1000000,"), BILLING_OK);
    assert_int_equal(team->seats_min, 1);
    assert_int_equal(team->window_max, 1000000);

    assert_int_equal(settings_with("\"seats_min\": 1, \"window_max\": 100,",
                                   "\"seats_min\": 101,"), BILLING_ERANGE);
    assert_non_null(strstr(settings_error, "/plans/team/seats_min: "));
}


/* Section 8 points 4 and 5. */

static void
r70_whom_the_window_is_too_small_for_is_a_setting(void **state)
{
    billing_terms_t  *team = &settings.catalogue.plans[BILLING_PLAN_TEAM];

    (void) state;

    assert_int_equal(settings_with("\"voting\"", "\"voting\""), BILLING_OK);
    assert_false(team->window_strict);
    assert_int_equal(settings_with("\"window_max\": 100,",
                                   "\"above_window_max\": \"keep\","),
                     BILLING_OK);
    assert_false(team->window_strict);
    assert_int_equal(settings_with("\"window_max\": 100,",
                                   "\"above_window_max\": \"refuse\","),
                     BILLING_OK);
    assert_true(team->window_strict);
}


/* R70: 100 when nothing is said. */

static void
r70_the_window_ends_at_100(void **state)
{
    (void) state;

    assert_int_equal(settings_with(" \"window_max\": 100,", ""), BILLING_OK);
    assert_int_equal(settings.catalogue.plans[BILLING_PLAN_TEAM].window_max,
                     100);
}


static void
prices_reach_from_nothing_to_a_million_millions(void **state)
{
    billing_terms_t  *team = &settings.catalogue.plans[BILLING_PLAN_TEAM];

    (void) state;

    assert_int_equal(settings_with("1000,", "0,"), BILLING_OK);
    assert_int_equal(team->price[BILLING_PERIOD_MONTHLY].minor, 0);
    assert_int_equal(settings_with("1000,", "1000000000000,"), BILLING_OK);
    assert_true(team->price[BILLING_PERIOD_MONTHLY].minor
                == INT64_C(1000000000000));
    assert_int_equal(team->price[BILLING_PERIOD_MONTHLY].currency,
                     settings.catalogue.currency);
    assert_int_equal(settings_with("1000,", "1000000000001,"),
                     BILLING_ERANGE);
}


/* R50: a plan with a price that is not sold is withdrawn, not unknown. */

static void
r50_a_withdrawn_plan_keeps_its_price(void **state)
{
    billing_terms_t  *team = &settings.catalogue.plans[BILLING_PLAN_TEAM];

    (void) state;

    assert_int_equal(settings_with("\"selling\": true", "\"selling\": false"),
                     BILLING_OK);
    assert_false(team->selling);
    assert_true(team->self_serve);
}


/* R51. */

static void
r51_starter_is_another_name_for_team(void **state)
{
    (void) state;

    assert_int_equal(settings_with("\"team\": {", "\"starter\": {"),
                     BILLING_OK);
    assert_true(settings.catalogue.plans[BILLING_PLAN_TEAM].known);
}


/* Nothing is several by an oversight, and only a company can be. */

static void
r26_several_teams_are_for_companies(void **state)
{
    (void) state;

    assert_int_equal(settings_with("\"team\": {",
                     "\"business\": {\"teams\": \"several\","), BILLING_OK);
    assert_true(settings.catalogue.plans[BILLING_PLAN_BUSINESS]
                .several_teams);
    assert_int_equal(settings_with("\"team\": {", "\"business\": {"),
                     BILLING_OK);
    assert_false(settings.catalogue.plans[BILLING_PLAN_BUSINESS]
                 .several_teams);
    assert_int_equal(settings_with("\"team\": {",
                     "\"team\": {\"teams\": \"one\","), BILLING_OK);
    assert_int_equal(settings_with("\"team\": {",
                     "\"team\": {\"teams\": \"several\","),
                     BILLING_ERANGE);
    assert_non_null(strstr(settings_error, "/plans/team/teams: "));
    assert_int_equal(settings_with("\"team\": {",
                     "\"business\": {\"teams\": \"many\","),
                     BILLING_ERANGE);
}


/* R42: legacy Free teams with five boards. */

static void
r42_editable_boards_are_a_setting(void **state)
{
    billing_catalogue_t  *catalogue = &settings.catalogue;

    (void) state;

    assert_int_equal(settings_with("\"editable_boards\": 3",
                                   "\"editable_boards\": 5"), BILLING_OK);
    assert_int_equal(catalogue->plans[BILLING_PLAN_FREE].editable_boards, 5);
    assert_int_equal(catalogue->plans[BILLING_PLAN_FREE].limits[0], 5);
    assert_int_equal(catalogue->plans[BILLING_PLAN_TEAM].editable_boards, 0);
    assert_int_equal(catalogue->plans[BILLING_PLAN_TEAM].limits[0], -1);
}


/* R79: the threshold is one setting. */

static void
r79_the_invoice_threshold_is_a_setting(void **state)
{
    billing_terms_t  *team = &settings.catalogue.plans[BILLING_PLAN_TEAM];

    (void) state;

    assert_int_equal(settings_with("\"seats_min\": 11, \"yearly_only\": true",
                                   "\"seats_min\": 10"), BILLING_OK);
    assert_true(team->invoice);
    assert_int_equal(team->invoice_seats_min, 10);
    assert_false(team->invoice_yearly);
}


static void
r96_r198_volume_discount_and_day_passes_are_offers(void **state)
{
    billing_terms_t  *team = &settings.catalogue.plans[BILLING_PLAN_TEAM];

    (void) state;

    assert_int_equal(settings_with("\"yearly_only\": true}",
                                   "\"yearly_only\": true}"), BILLING_OK);
    assert_int_equal(team->volume.percent, 0);
    assert_int_equal(team->day_pass.minor, 0);

    assert_int_equal(settings_with("\"yearly_only\": true}",
                                   "\"yearly_only\": true},"
                                   " \"day_pass\": 300,"
                                   " \"volume\": {\"percent\": 25}"),
                     BILLING_OK);
    assert_int_equal(team->day_pass.minor, 300);
    assert_int_equal(team->volume.percent, 25);
    assert_int_equal(team->volume.seats_min, 5);
    assert_int_equal(team->volume.periods[BILLING_PERIOD_MONTHLY], 3);
    assert_int_equal(team->volume.periods[BILLING_PERIOD_YEARLY], 1);

    assert_int_equal(settings_with("\"yearly_only\": true}",
                                   "\"yearly_only\": true},"
                                   " \"volume\": {\"percent\": 101}"),
                     BILLING_ERANGE);
    assert_int_equal(settings_with("\"yearly_only\": true}",
                                   "\"yearly_only\": true},"
                                   " \"volume\": {\"months\": 3}"),
                     BILLING_ERANGE);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r48_bounds_of_seats_are_taken_to_the_edge),
        cmocka_unit_test(r70_whom_the_window_is_too_small_for_is_a_setting),
        cmocka_unit_test(r70_the_window_ends_at_100),
        cmocka_unit_test(prices_reach_from_nothing_to_a_million_millions),
        cmocka_unit_test(r50_a_withdrawn_plan_keeps_its_price),
        cmocka_unit_test(r51_starter_is_another_name_for_team),
        cmocka_unit_test(r26_several_teams_are_for_companies),
        cmocka_unit_test(r42_editable_boards_are_a_setting),
        cmocka_unit_test(r79_the_invoice_threshold_is_a_setting),
        cmocka_unit_test(r96_r198_volume_discount_and_day_passes_are_offers),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
