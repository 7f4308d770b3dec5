#include "store_fixture.h"

#include <stdalign.h>
#include <sys/wait.h>
#include <unistd.h>


/* Whether the mapping that this address is in is left out of core files. */

static bool
left_out(const void *p)
{
    char           line[1024];
    FILE          *maps = fopen("/proc/self/smaps", "re");
    bool           in = false, out = false;
    unsigned long  from, to;

    assert_non_null(maps);

    while (fgets(line, sizeof(line), maps) != NULL) {
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
            in = (uintptr_t) p >= from && (uintptr_t) p < to;

        } else if (in && strncmp(line, "VmFlags:", 8) == 0) {
            out = strstr(line, " dd") != NULL;
        }
    }

    (void) fclose(maps);

    return out;
}


static void
its_pages_are_in_no_core_file(void **state)
{
    char             *taken, *other = malloc(64);
    billing_vault_t   vault;

    (void) state;
    assert_true(billing_vault_open(&vault, 10000));
    taken = billing_vault_take(&vault, 10000);
    assert_non_null(taken);
    assert_true(left_out(taken));
    assert_true(left_out(taken + 9999));
    assert_false(left_out(other));
    billing_vault_close(&vault);
    free(other);
}


/* nginx opens it before it forks its worker processes. */

static void
those_of_a_child_are_not_either(void **state)
{
    int               status;
    char             *taken;
    pid_t             pid;
    billing_vault_t   vault;

    (void) state;
    assert_true(billing_vault_open(&vault, 1));
    taken = billing_vault_take(&vault, 1);

    pid = fork();
    if (pid == 0) {
        taken[0] = 1;
        _exit(left_out(taken) ? 0 : 1);
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    billing_vault_close(&vault);
}


static void
what_is_taken_is_zeroed_aligned_and_apart(void **state)
{
    uint8_t          *one, *two;
    billing_vault_t   vault;

    (void) state;
    assert_true(billing_vault_open(&vault, 4096));
    one = billing_vault_take(&vault, 3);
    two = billing_vault_take(&vault, 64);
    assert_non_null(one);
    assert_non_null(two);
    assert_true(two >= one + 3);
    assert_int_equal((uintptr_t) two % alignof(max_align_t), 0);

    for (unsigned i = 0; i < 64; i++) {
        assert_int_equal(two[i], 0);
    }

    billing_vault_close(&vault);
}


static void
there_is_an_end_to_it(void **state)
{
    billing_vault_t  vault;

    (void) state;
    assert_true(billing_vault_open(&vault, 100));
    assert_null(billing_vault_take(&vault, 101));
    assert_null(billing_vault_take(&vault, SIZE_MAX));
    assert_non_null(billing_vault_take(&vault, 99));
    assert_null(billing_vault_take(&vault, 1));
    billing_vault_close(&vault);
    assert_null(billing_vault_take(&vault, 1));
    billing_vault_close(&vault);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(its_pages_are_in_no_core_file),
        cmocka_unit_test(those_of_a_child_are_not_either),
        cmocka_unit_test(what_is_taken_is_zeroed_aligned_and_apart),
        cmocka_unit_test(there_is_an_end_to_it),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
