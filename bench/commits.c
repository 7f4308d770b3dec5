/*
 * What one commit of the worker's database costs, with nothing around it:
 * commits DSN SECONDS prints {"commits", "per_sec", "p50_us"} as one line;
 * commits DSN - makes one for each line it reads, and says how long it took.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../src/worker/billing_infra.h"

#define COMMITS_MAX  1000000


static int
commits_compare(const void *a, const void *b)
{
    int64_t  x = *(const int64_t *) a, y = *(const int64_t *) b;

    return (x > y) - (x < y);
}


static int64_t
commits_now_us(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


static bool
commits_one(billing_db_t *db, int64_t n)
{
    if (billing_db_begin(db) != BILLING_DB_OK
        || billing_db_meta_set(db, "bench", n) != BILLING_DB_OK
        || billing_db_commit(db) != BILLING_DB_OK)
    {
        (void) fprintf(stderr, "%s\n", billing_db_message(db));
        return false;
    }

    return true;
}


static int
commits_asked(billing_db_t *db)
{
    int      c;
    int64_t  at, n = 0;

    while ((c = getchar()) != EOF) {
        if (c != '\n') {
            continue;
        }

        at = commits_now_us();

        if (!commits_one(db, n++)) {
            return EXIT_FAILURE;
        }

        (void) printf("%lld\n", (long long) (commits_now_us() - at));
        (void) fflush(stdout);
    }

    billing_db_free(db);

    return EXIT_SUCCESS;
}


int
main(int argc, char **argv)
{
    char           error[512] = "";
    size_t         n = 0;
    int64_t        began, at, end, *took;
    billing_db_t  *db;

    took = calloc(COMMITS_MAX, sizeof(int64_t));
    db = argc == 3 ? billing_db_new(argv[1], error, sizeof(error)) : NULL;

    if (db == NULL || took == NULL) {
        (void) fprintf(stderr, "usage: commits DSN SECONDS|- %s\n", error);
        return EXIT_FAILURE;
    }

    if (strcmp(argv[2], "-") == 0) {
        free(took);
        return commits_asked(db);
    }

    began = at = commits_now_us();
    end = began + strtoll(argv[2], NULL, 10) * 1000000;

    while (at < end && n < COMMITS_MAX) {
        if (!commits_one(db, (int64_t) n)) {
            return EXIT_FAILURE;
        }

        took[n] = commits_now_us() - at;
        at += took[n++];
    }

    qsort(took, n, sizeof(int64_t), commits_compare);
    (void) printf("{\"commits\": %zu, \"per_sec\": %.0f, \"p50_us\": %lld}\n",
                  n, (double) n * 1e6 / (double) (at - began),
                  (long long) took[n / 2]);
    billing_db_free(db);
    free(took);

    return EXIT_SUCCESS;
}
