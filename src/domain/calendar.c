/* The calendar: instants, dates in UTC, and the boundaries of periods. */

#include "billing_domain.h"

#define BILLING_DAY_SEC     86400
#define BILLING_YEAR_FIRST  1970
#define BILLING_YEAR_LAST   9999

/* 146097 days in 400 Gregorian years. */
#define BILLING_DAYS_400    146097


typedef struct {
    const char  *at;
    const char  *end;
} billing_cursor_t;


static bool billing_leap(int32_t year);
static int32_t billing_month_days(int32_t year, unsigned month);
static int64_t billing_year_days(int32_t year);
static bool billing_cursor_digits(billing_cursor_t *c, unsigned n,
    int32_t *value);
static bool billing_cursor_byte(billing_cursor_t *c, char byte);
static bool billing_cursor_time(billing_cursor_t *c, int64_t *sec);
static bool billing_cursor_fraction(billing_cursor_t *c);
static bool billing_cursor_zone(billing_cursor_t *c, int64_t *sec);
static char *billing_digits(char *p, unsigned n, int32_t value);


/* Days before each month of a common year. */

static const int16_t  billing_months[13] = {
    0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365
};


int64_t
billing_date_days(billing_date_t date)
{
    int64_t  days;

    days = billing_year_days(date.year) + billing_months[date.month - 1]
           + date.day - 1;

    return date.month > 2 && billing_leap(date.year) ? days + 1 : days;
}


billing_date_t
billing_date_of(int64_t at)
{
    int32_t   year, rest;
    int64_t   days;
    unsigned  month;

    if (at < 0) {
        at = 0;
    }

    if (at > BILLING_INSTANT_MAX) {
        at = BILLING_INSTANT_MAX;
    }

    days = at / BILLING_DAY_SEC;

    /*
     * The mean year is a little shorter than the longest run of years, so the
     * estimate may be one too high, and by the same reason one too low.
     */

    year = BILLING_YEAR_FIRST + (int32_t) (days * 400 / BILLING_DAYS_400);

    if (billing_year_days(year) > days) {
        year--;

    } else if (billing_year_days(year + 1) <= days) {
        year++;
    }

    rest = (int32_t) (days - billing_year_days(year));
    month = 1;

    while (rest >= billing_month_days(year, month)) {
        rest -= billing_month_days(year, month);
        month++;
    }

    return (billing_date_t) { .year = year, .month = (uint8_t) month,
                              .day = (uint8_t) (rest + 1) };
}


bool
billing_date_valid(billing_date_t date)
{
    return date.year >= BILLING_YEAR_FIRST && date.year <= BILLING_YEAR_LAST
           && date.month >= 1 && date.month <= 12 && date.day >= 1
           && date.day <= billing_month_days(date.year, date.month);
}


billing_err_t
billing_instant_parse(const char *text, size_t len, int64_t *at,
    bool *date_only)
{
    int32_t           year, month, day;
    int64_t           sec = 0;
    billing_date_t    date;
    billing_cursor_t  c = { text, text + len };

    if (!billing_cursor_digits(&c, 4, &year) || !billing_cursor_byte(&c, '-')
        || !billing_cursor_digits(&c, 2, &month)
        || !billing_cursor_byte(&c, '-')
        || !billing_cursor_digits(&c, 2, &day))
    {
        return BILLING_EFORMAT;
    }

    date = (billing_date_t) { .year = year, .month = (uint8_t) month,
                              .day = (uint8_t) day };

    if (!billing_date_valid(date)) {
        return BILLING_EFORMAT;
    }

    *date_only = c.at == c.end;

    if (!*date_only && (!billing_cursor_time(&c, &sec) || c.at != c.end)) {
        return BILLING_EFORMAT;
    }

    sec += billing_date_days(date) * BILLING_DAY_SEC;

    /* An offset may lead out of the years that we can print. */

    if (sec < 0 || sec > BILLING_INSTANT_MAX) {
        return BILLING_EFORMAT;
    }

    *at = sec;

    return BILLING_OK;
}


void
billing_instant_format(int64_t at, char text[BILLING_INSTANT_LEN + 1])
{
    char            *p = text;
    int32_t          sec;
    billing_date_t   date;

    if (at < 0) {
        at = 0;
    }

    if (at > BILLING_INSTANT_MAX) {
        at = BILLING_INSTANT_MAX;
    }

    date = billing_date_of(at);
    sec = (int32_t) (at % BILLING_DAY_SEC);

    p = billing_digits(p, 4, date.year);
    *p++ = '-';
    p = billing_digits(p, 2, date.month);
    *p++ = '-';
    p = billing_digits(p, 2, date.day);
    *p++ = 'T';
    p = billing_digits(p, 2, sec / 3600);
    *p++ = ':';
    p = billing_digits(p, 2, sec / 60 % 60);
    *p++ = ':';
    p = billing_digits(p, 2, sec % 60);
    *p++ = 'Z';
    *p = '\0';
}


int64_t
billing_boundary_months(int64_t anchor_at, int32_t months)
{
    int64_t         total, at;
    int32_t         last;
    billing_date_t  date;

    if (anchor_at < 0) {
        anchor_at = 0;
    }

    if (anchor_at > BILLING_INSTANT_MAX) {
        anchor_at = BILLING_INSTANT_MAX;
    }

    date = billing_date_of(anchor_at);
    total = (int64_t) date.year * 12 + date.month - 1 + months;

    if (total < (int64_t) BILLING_YEAR_FIRST * 12) {
        return 0;
    }

    if (total >= (int64_t) (BILLING_YEAR_LAST + 1) * 12) {
        return BILLING_INSTANT_MAX;
    }

    date.year = (int32_t) (total / 12);
    date.month = (uint8_t) (total % 12 + 1);

    /* From the first anchor each time, so that 31 January meets 31 March. */

    last = billing_month_days(date.year, date.month);

    if (date.day > last) {
        date.day = (uint8_t) last;
    }

    at = billing_date_days(date) * BILLING_DAY_SEC;

    return at + anchor_at % BILLING_DAY_SEC;
}


int64_t
billing_boundary(int64_t anchor_at, billing_period_t period, int32_t n)
{
    static const int32_t  months[BILLING_PERIODS] = {
        [BILLING_PERIOD_MONTHLY] = 1,
        [BILLING_PERIOD_YEARLY]  = 12
    };

    int64_t  total;

    /* More months than the calendar has lead to its end anyway. */

    total = (int64_t) months[period < BILLING_PERIODS ? period : 0] * n;

    if (total > INT32_MAX) {
        total = INT32_MAX;
    }

    if (total < INT32_MIN) {
        total = INT32_MIN;
    }

    return billing_boundary_months(anchor_at, (int32_t) total);
}


static bool
billing_leap(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}


static int32_t
billing_month_days(int32_t year, unsigned month)
{
    int32_t  days = billing_months[month] - billing_months[month - 1];

    return month == 2 && billing_leap(year) ? days + 1 : days;
}


/* Days from 1970-01-01 to the first of January of the year, 1970 or later. */

static int64_t
billing_year_days(int32_t year)
{
    int64_t  y = year - 1;
    int64_t  leaps;

    /* 477 leap years precede 1970. */

    leaps = y / 4 - y / 100 + y / 400 - 477;

    return (int64_t) (year - BILLING_YEAR_FIRST) * 365 + leaps;
}


static bool
billing_cursor_digits(billing_cursor_t *c, unsigned n, int32_t *value)
{
    *value = 0;

    for (unsigned i = 0; i < n; i++) {
        if (c->at == c->end || *c->at < '0' || *c->at > '9') {
            return false;
        }

        *value = *value * 10 + (*c->at++ - '0');
    }

    return true;
}


static bool
billing_cursor_byte(billing_cursor_t *c, char byte)
{
    if (c->at == c->end || *c->at != byte) {
        return false;
    }

    c->at++;

    return true;
}


/* "T09:30:00.5+02:00" as seconds of the UTC day, which may be negative. */

static bool
billing_cursor_time(billing_cursor_t *c, int64_t *sec)
{
    int32_t  hour, minute, second;

    if (!billing_cursor_byte(c, 'T') && !billing_cursor_byte(c, 't')) {
        return false;
    }

    if (!billing_cursor_digits(c, 2, &hour) || !billing_cursor_byte(c, ':')
        || !billing_cursor_digits(c, 2, &minute)
        || !billing_cursor_byte(c, ':')
        || !billing_cursor_digits(c, 2, &second)
        || !billing_cursor_fraction(c))
    {
        return false;
    }

    /* No leap seconds: an instant here has no place for them. */

    if (hour > 23 || minute > 59 || second > 59) {
        return false;
    }

    *sec = (int64_t) hour * 3600 + minute * 60 + second;

    return billing_cursor_zone(c, sec);
}


/* Programs print milliseconds; what is under a second is dropped. */

static bool
billing_cursor_fraction(billing_cursor_t *c)
{
    int32_t   digit;
    unsigned  n = 0;

    if (!billing_cursor_byte(c, '.')) {
        return true;
    }

    while (n < 9 && billing_cursor_digits(c, 1, &digit)) {
        n++;
    }

    return n > 0;
}


static bool
billing_cursor_zone(billing_cursor_t *c, int64_t *sec)
{
    bool     east;
    int32_t  hour, minute, offset;

    if (billing_cursor_byte(c, 'Z') || billing_cursor_byte(c, 'z')) {
        return true;
    }

    east = billing_cursor_byte(c, '+');

    if (!east && !billing_cursor_byte(c, '-')) {
        return false;
    }

    if (!billing_cursor_digits(c, 2, &hour) || !billing_cursor_byte(c, ':')
        || !billing_cursor_digits(c, 2, &minute) || hour > 23 || minute > 59)
    {
        return false;
    }

    offset = hour * 3600 + minute * 60;
    *sec -= east ? offset : -offset;

    return true;
}


static char *
billing_digits(char *p, unsigned n, int32_t value)
{
    for (unsigned i = n; i > 0; i--) {
        p[i - 1] = (char) ('0' + value % 10);
        value /= 10;
    }

    return p + n;
}
