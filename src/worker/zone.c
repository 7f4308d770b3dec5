/*
 * The seller's day.  The C library knows one zone for a process: here nothing
 * else asks it for local time.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "billing_business.h"
#include "billing_infra.h"


bool
billing_zone_set(const char *zone)
{
    char  file[128];

    if (zone[0] == '\0') {
        zone = "UTC";
    }

    /* An unknown name would be UTC without a word. */

    (void) snprintf(file, sizeof(file), "/usr/share/zoneinfo/%s", zone);

    if (strcmp(zone, "UTC") != 0 && access(file, R_OK) != 0) {
        return false;
    }

    if (setenv("TZ", zone, 1) != 0) {
        return false;
    }

    tzset();

    return true;
}


billing_date_t
billing_zone_day(int64_t at)
{
    time_t     when = (time_t) at;
    struct tm  tm;

    if (localtime_r(&when, &tm) == NULL) {
        return billing_date_of(at);
    }

    return (billing_date_t) {
        .year = tm.tm_year + 1900, .month = (uint8_t) (tm.tm_mon + 1),
        .day = (uint8_t) tm.tm_mday
    };
}


json_t *
billing_zone_json(int64_t at)
{
    char            text[40];
    billing_date_t  day;

    if (at == 0) {
        return json_null();
    }

    day = billing_zone_day(at);
    (void) snprintf(text, sizeof(text), "%04d-%02u-%02u", (int) day.year,
                    day.month, day.day);

    return json_string(text);
}
