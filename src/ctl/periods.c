/* billingctl periods: the boundaries of billing periods. */

#include "billing_ctl.h"

#include <string.h>

/* More than the calendar holds of months from 1970. */
#define BILLING_CTL_BOUNDARIES_MAX  100000


static int32_t billing_ctl_interval(billing_ctl_input_t *in);


const char  billing_ctl_periods_help[] =
    "Usage: billingctl periods < in.json\n"
    "\n"
    "in   {\"anchor\": \"2026-01-31\", \"interval\": \"month\", "
    "\"count\": 3}\n"
    "out  {\"boundaries\": [\"2026-01-31\", \"2026-02-28\", "
    "\"2026-03-31\"]}\n"
    "\n"
    "anchor    a date, or an RFC 3339 instant whose time of day is kept\n"
    "interval  month, quarter or year\n"
    "count     how many boundaries, the anchor being the first\n"
    "\n"
    "A boundary on a day that its month lacks is the month's last day; the\n"
    "next ones go by the anchor's day again.\n";


int
billing_ctl_periods(const billing_ctl_t *ctl)
{
    int                  rc;
    bool                 date_only = false;
    json_t              *boundaries;
    int32_t              months;
    int64_t              at, anchor_at = 0, count = 0;
    billing_ctl_input_t  in;

    (void) ctl;

    billing_ctl_input_init(&in);

    billing_ctl_need(&in, billing_ctl_instant(&in, "anchor", &anchor_at,
                                              &date_only),
                     "anchor");
    months = billing_ctl_interval(&in);
    billing_ctl_need(&in, billing_ctl_integer(&in, "count", &count), "count");

    if (count < 0 || count > BILLING_CTL_BOUNDARIES_MAX) {
        billing_ctl_fault(&in, BILLING_FIELD_TYPE, "count",
                          "not between 0 and 100000");
    }

    boundaries = json_array();

    for (int64_t i = 0; in.reason == BILLING_ALLOW && i < count; i++) {
        at = billing_boundary_months(anchor_at, (int32_t) i * months);

        if (at == BILLING_INSTANT_MAX) {
            billing_ctl_fault(&in, BILLING_FIELD_TYPE, "count",
                              "beyond the year 9999");
        }

        (void) json_array_append_new(boundaries,
                                     billing_ctl_date(at, date_only));
    }

    if (in.reason != BILLING_ALLOW) {
        json_decref(boundaries);
        rc = billing_ctl_refuse(&in);

    } else {
        rc = billing_ctl_print(json_pack("{so}", "boundaries", boundaries),
                               BILLING_CTL_DONE);
    }

    billing_ctl_input_done(&in);

    return rc;
}


static int32_t
billing_ctl_interval(billing_ctl_input_t *in)
{
    static const struct {
        const char  *name;
        int32_t      months;
    } intervals[] = {
        { "month", 1 }, { "quarter", 3 }, { "year", 12 }
    };

    const char  *word = "";

    billing_ctl_need(in, billing_ctl_text(in, "interval", &word),
                     "interval");

    for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++) {
        if (strcmp(intervals[i].name, word) == 0) {
            return intervals[i].months;
        }
    }

    billing_ctl_fault(in, BILLING_FIELD_TYPE, "interval",
                      "not month, quarter or year");

    return 0;
}
