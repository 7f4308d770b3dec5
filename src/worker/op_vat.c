/*
 * A tax id that the application has looked up itself (R117): this program asks
 * nobody.  What is verified is an id, not a team: another one typed later is
 * not, and typing the same one again needs no second look.
 */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "billing_business.h"


typedef struct {
    char  country[3];
    char  id[BILLING_VAT_ID_TEXT_MAX + 1];
} billing_vat_typed_t;


static billing_db_rc_t billing_vat_typed(billing_op_t *op,
    const billing_team_row_t *row, billing_vat_typed_t *typed,
    char checked[BILLING_VAT_CHECKED_MAX + 1]);
static billing_db_rc_t billing_vat_told(billing_op_t *op,
    const billing_team_row_t *row);


void
billing_vat_checked_text(const char *country, const char *id,
    char out[BILLING_VAT_CHECKED_MAX + 1])
{
    (void) snprintf(out, BILLING_VAT_CHECKED_MAX + 1, "%s %s", country, id);
}


/* For later documents only: what is issued stays as it is. */

billing_db_rc_t
billing_op_app_vat(billing_op_t *op)
{
    static const char  sql[] =
        "UPDATE team SET vat_checked = $1 WHERE id = $2";
    static const char  wrong_sql[] =
        "UPDATE team SET vat_checked = '' WHERE id = $1"
        " AND vat_checked = $2";

    char                 country[3], text[BILLING_VAT_CHECKED_MAX + 1];
    uint32_t             roles;
    const char          *id = billing_op_text(op, "vat_id");
    const char          *named = billing_op_text(op, "country");
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    (void) snprintf(country, sizeof(country), "%c%c",
                    toupper((unsigned char) named[0]),
                    named[0] == '\0' ? '\0'
                                     : toupper((unsigned char) named[1]));

    if (strlen(named) != 2 || !billing_vat_id_valid(country, id, strlen(id))) {
        return billing_op_deny(op, BILLING_VAT_ID_INVALID, NULL);
    }

    rc = billing_op_account(op, &row, &roles);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    billing_vat_checked_text(country, id, text);

    rc = billing_op_bool(op, "valid")
         ? billing_db_exec(op->w->db, sql, "tt", text, row.id)
         : billing_db_exec(op->w->db, wrong_sql, "tt", row.id, text);

    return rc == BILLING_DB_OK ? billing_vat_told(op, &row) : rc;
}


billing_db_rc_t
billing_query_app_vat(billing_op_t *op)
{
    uint32_t             roles;
    billing_db_rc_t      rc;
    billing_team_row_t   row;

    rc = billing_op_account(op, &row, &roles);

    return rc == BILLING_DB_OK ? billing_vat_told(op, &row) : rc;
}


/* The id in the billing information, and whether it is the verified one. */

static billing_db_rc_t
billing_vat_told(billing_op_t *op, const billing_team_row_t *row)
{
    char                   checked[BILLING_VAT_CHECKED_MAX + 1];
    char                   text[BILLING_VAT_CHECKED_MAX + 1];
    billing_db_rc_t        rc;
    billing_vat_typed_t    typed;

    rc = billing_vat_typed(op, row, &typed, checked);

    if (rc != BILLING_DB_OK) {
        return rc;
    }

    billing_vat_checked_text(typed.country, typed.id, text);

    return billing_op_reply(op, 200,
               json_pack("{s:s, s:{s:s?, s:s?, s:b}}",
                   "team", billing_op_text(op, "team"), "vat",
                   "country", typed.country[0] == '\0' ? NULL
                                                       : typed.country,
                   "vat_id", typed.id[0] == '\0' ? NULL : typed.id,
                   "valid", checked[0] != '\0'
                            && strcmp(text, checked) == 0));
}


static billing_db_rc_t
billing_vat_typed(billing_op_t *op, const billing_team_row_t *row,
    billing_vat_typed_t *typed, char checked[BILLING_VAT_CHECKED_MAX + 1])
{
    static const char  sql[] =
        "SELECT information, vat_checked FROM team WHERE id = $1";

    json_t           *stored;
    const char       *text;
    billing_db_rc_t   rc;

    rc = billing_db_query(op->w->db, sql, "t", row->id);

    if (rc != BILLING_DB_ROW) {
        return rc == BILLING_DB_DONE ? BILLING_DB_CONFLICT : rc;
    }

    text = billing_db_text(op->w->db, sql, 0);
    stored = json_loads(text == NULL ? "{}" : text, JSON_REJECT_DUPLICATES,
                        NULL);
    billing_copy(typed->country, sizeof(typed->country),
                 json_string_value(json_object_get(stored, "country")));
    billing_copy(typed->id, sizeof(typed->id),
                 json_string_value(json_object_get(stored, "vat_id")));
    json_decref(stored);
    billing_copy(checked, BILLING_VAT_CHECKED_MAX + 1,
                 billing_db_text(op->w->db, sql, 1));
    billing_db_done(op->w->db, sql);

    return BILLING_DB_OK;
}
