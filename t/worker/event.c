/* What the application hears: events and their deliveries. */

#include "application_fixture.h"


static void
what_happens_is_told_once(void **state)
{
    json_t      *body, *list_of;
    const char  *id = paid_team("team", 3, "monthly");

    (void) state;

    assert_int_equal(events("team.created"), 1);
    assert_int_equal(events("team.plan_changed"), 1);
    assert_int_equal(events("team.state_changed"), 1);
    assert_int_equal(events("team.seats_changed"), 1);
    assert_int_equal(events("team.period_changed"), 1);
    assert_int_equal(events("team.member_added"), 2);
    assert_int_equal(events("team.member_changed"), 1);     /* R101 */
    assert_int_equal(events("purchase.completed"), 1);
    assert_int_equal(events("invoice.issued"), 1);
    assert_int_equal(events("invoice.paid"), 1);

    drop(expect(OWNER, "member.remove", json_pack("{s:s, s:s}", "team", id,
                "email", PLAIN), 200, NULL));
    assert_int_equal(events("team.member_removed"), 1);

    /* What the application says itself is no news to it... */

    members_now(id, 1, "member");
    assert_int_equal(events("team.member_added"), 2);

    /* ... unless it wants to hear it. */

    t.settings.application.echo = true;
    drop(app("app.member.delete", json_pack("{s:s, s:s}", "team", id, "email",
             "new0@example.test"), 200, NULL));
    assert_int_equal(events("team.member_removed"), 2);

    /* The team was written several times since. */

    assert_int_equal(events("team.plan_changed"), 1);
    assert_int_equal(events("team.seats_changed"), 1);
    assert_int_equal(events("team.period_changed"), 1);

    body = app("app.events", json_pack("{s:s}", "limit", "2"), 200, NULL);
    list_of = json_object_get(body, "events");
    assert_int_equal(json_array_size(list_of), 2);
    assert_string_equal(text_of(json_array_get(list_of, 0), "type"),
                        "team.created");
    assert_string_equal(text_of(json_object_get(json_object_get(
                            json_array_get(list_of, 0), "data"), "team"),
                            "id"), id);
    assert_string_equal(text_of(json_object_get(json_array_get(list_of, 0),
                                                "data"), "by"), OWNER);
    drop(app("app.events", json_pack("{s:s}", "after",
             text_of(body, "next")), 200, NULL));
    drop(body);
    drop(app("app.events", json_pack("{s:s}", "after", "msg_none"), 404,
             "EVENT_NOT_FOUND"));
}


static void
who_was_never_told_hears_nothing(void **state)
{
    (void) state;

    t.settings.application.nkeys = 0;
    (void) paid_team("team", 3, "monthly");
    assert_int_equal(count("SELECT COUNT(*) FROM app_event"), 0);

    /* Later it is not told of changes that are long past. */

    t.settings.application.nkeys = 1;
    drop(expect(OWNER, "team.create", json_pack("{s:s}", "name", "Other"),
                201, NULL));
    assert_int_equal(events("team.plan_changed"), 0);
    assert_int_equal(events("team.created"), 1);
}


static void
what_is_undone_was_never_said(void **state)
{
    const char  *id = make_team(0);
    int64_t      n = count("SELECT COUNT(*) FROM app_event");

    (void) state;

    drop(expect("far@example.test", "member.add", json_pack("{s:s, s:s}",
                "team", id, "email", PLAIN), 404, "TEAM_NOT_FOUND"));
    assert_int_equal(count("SELECT COUNT(*) FROM app_event"), n);
}


static void
deliveries_follow_the_filter_and_come_again(void **state)
{
    json_t             *body;
    billing_webhook_t  *hooks = t.settings.application.webhooks;

    (void) state;

    t.settings.application.nwebhooks = 2;
    (void) strcpy(hooks[0].url, "https://a.example.test/");
    hooks[0].events = UINT32_MAX;
    (void) strcpy(hooks[1].url, "https://b.example.test/");
    hooks[1].events = 1u << BILLING_EVENT_TEAM_CREATED;

    (void) make_team(1);
    assert_int_equal(count("SELECT COUNT(*) FROM app_delivery"), 3 + 1);
    assert_int_equal(count("UPDATE app_delivery SET state = 'failed',"
                           " failed = 10 RETURNING failed"), 10);

    body = app("app.events", json_object(), 200, NULL);
    drop(app("app.event.replay", json_pack("{s:s}", "event",
             text_of(json_array_get(json_object_get(body, "events"), 1),
                     "id")), 200, NULL));
    drop(body);
    assert_int_equal(count("SELECT COUNT(*) FROM app_delivery WHERE state ="
                           " 'queued' AND failed = 0"), 1);

    body = app("app.events.replay", json_pack("{s:s}", "after",
               "2026-01-01T00:00:00Z"), 200, NULL);
    assert_int_equal(number_of(body, "queued"), 4);
    drop(body);
    body = app("app.events.replay", json_pack("{s:s, s:s}", "after",
               "2026-01-01T00:00:00Z", "before", "2026-01-01T09:00:00Z"), 200,
               NULL);
    assert_int_equal(number_of(body, "queued"), 0);
    drop(body);
    drop(app("app.event.replay", json_pack("{s:s}", "event", "msg_no"), 404,
             "EVENT_NOT_FOUND"));

    body = app("app.webhooks", json_object(), 200, NULL);
    assert_int_equal(number_of(json_array_get(json_object_get(body,
                               "webhooks"), 0), "queued"), 3);
    drop(body);
    drop(app("app.webhook.enable", json_pack("{s:s}", "url",
             "https://c.example.test/"), 404, "NOT_FOUND"));
}


static void
events_are_kept_for_thirty_days(void **state)
{
    (void) state;

    (void) make_team(1);
    turn_begin();
    assert_int_equal(billing_event_retention(&t.w, t.now + 29 * DAY),
                     BILLING_DB_OK);
    assert_int_equal(count("SELECT COUNT(*) FROM app_event"), 3);
    assert_int_equal(billing_event_retention(&t.w, t.now + 31 * DAY),
                     BILLING_DB_OK);
    assert_int_equal(count("SELECT COUNT(*) FROM app_event"), 0);
    turn_end(false);
}


int
main(void)
{
#define TEST(name)  cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest  tests[] = {
        TEST(what_happens_is_told_once),
        TEST(who_was_never_told_hears_nothing),
        TEST(what_is_undone_was_never_said),
        TEST(deliveries_follow_the_filter_and_come_again),
        TEST(events_are_kept_for_thirty_days),
    };
#undef TEST

    assert_int_equal(billing_text_init(), BILLING_OK);
    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
