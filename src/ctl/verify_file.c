/* billingctl verify: the paper that was kept of each document. */

#include "../worker/billing_business.h"
#include "billing_ctl.h"


static billing_db_rc_t billing_check_files(billing_verify_t *v);


static const char  billing_check_unprinted[] =
    "SELECT d.number, 'has no place where its file is kept' FROM"
    " (SELECT number FROM invoice UNION ALL SELECT number FROM credit_note) d"
    " LEFT JOIN document_file f ON f.name = d.number WHERE f.name IS NULL"
    " ORDER BY d.number";


const billing_check_t  billing_checks_file[] = {
    { "document.files", "files",
      "the file was changed after it was printed: restore it from a backup or"
      " from the copy that was sent",
      "SELECT COUNT(*) FROM document_file WHERE content <> ''", "", NULL,
      billing_check_files },
    { "document.missing", "documents",
      "insert its number into document_file: the worker prints it",
      "SELECT COUNT(*) FROM invoice", "", billing_check_unprinted, NULL },
    { .name = NULL }
};


static billing_db_rc_t
billing_check_files(billing_verify_t *v)
{
    static const char  sql[] =
        "SELECT name, content, hash FROM document_file WHERE content <> ''"
        " ORDER BY name";

    billing_db_t     *db = v->w->db;
    billing_db_rc_t   rc;

    rc = billing_db_query(db, sql, "");

    while (rc == BILLING_DB_ROW) {
        if (!billing_print_intact(billing_db_text(db, sql, 1),
                                  billing_db_text(db, sql, 2)))
        {
            billing_verify_found(v, billing_db_text(db, sql, 0),
                                 "is not the file that was kept");
        }

        rc = billing_db_next(db, sql);
    }

    return rc == BILLING_DB_DONE ? BILLING_DB_OK : rc;
}
