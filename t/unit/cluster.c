#include "store_fixture.h"

#define ID  "07c37dfeb235213a872192d90877d0cd55635b91"

static const char  nodes[] =
    ID " 10.0.0.1:7000@17000 slave " ID " 0 1426238317239 4 connected\n"
    ID " 10.0.0.2:7001@17001,host master - 0 1426238316232 2 connected"
    " 5461-10922\n"
    ID " fd00::3:7002@17002 master,fail? - 1426238318243 1426238316232 7"
    " connected 10923-16000 16383\n"
    ID " 10.0.0.4:7003@17003 myself,master - 0 0 12 connected 0-5460 16001"
    " [16001->-" ID "]\n"
    ID " :0@0 master,noaddr - 0 0 1 disconnected 16002\n"
    ID " 10.0.0.5:70000@1 master - 0 0 1 connected 16003\n"
    ID " 10.0.0.6:7005@17005 handshake - 0 0 0 connected";


static void
the_master_of_a_slot_is_found(void **state)
{
    static const struct {
        unsigned     slot;
        const char  *host;          /* NULL: none */
        unsigned     port;
        uint64_t     epoch;
    } cases[] = {
        { 0, "10.0.0.4", 7003, 12 },
        { 5460, "10.0.0.4", 7003, 12 },
        { 5461, "10.0.0.2", 7001, 2 },
        { 10922, "10.0.0.2", 7001, 2 },
        { 10923, "fd00::3", 7002, 7 },
        { 16383, "fd00::3", 7002, 7 },
        { 16001, "10.0.0.4", 7003, 12 },
        { 16002, NULL, 0, 0 },
        { 16003, NULL, 0, 0 },
        { 16004, NULL, 0, 0 }
    };

    (void) state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        billing_cluster_master_t  at;

        assert_int_equal(billing_cluster_master(nodes, cases[i].slot, &at),
                         cases[i].host != NULL);

        if (cases[i].host != NULL) {
            assert_string_equal(at.host, cases[i].host);
            assert_int_equal(at.port, cases[i].port);
            assert_int_equal(at.epoch, cases[i].epoch);
        }
    }
}


/* Cut at every byte, it says what it has said so far, or nothing. */

static void
p61_what_is_cut_is_not_read_over(void **state)
{
    billing_cluster_master_t  at;

    (void) state;

    for (size_t len = 0; len < sizeof(nodes); len++) {
        char  *cut = malloc(len + 1);

        memcpy(cut, nodes, len);
        cut[len] = '\0';
        assert_false(billing_cluster_master(cut, 16004, &at));
        assert_true(!billing_cluster_master(cut, 16383, &at)
                    || at.port == 7002);
        free(cut);
    }
}


/* As CLUSTER KEYSLOT says. */

static void
a_tag_has_the_slot_that_redis_gives_it(void **state)
{
    (void) state;

    assert_int_equal(billing_key_slot("{123456789}"), 0x31c3);
    assert_int_equal(billing_key_slot("foo"), 12182);
    assert_int_equal(billing_key_slot("{foo}"), 12182);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_master_of_a_slot_is_found),
        cmocka_unit_test(p61_what_is_cut_is_not_read_over),
        cmocka_unit_test(a_tag_has_the_slot_that_redis_gives_it),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
