/* Mails as bytes, and their way through the outbox. */

#include "worker_fixture.h"

static const billing_letter_t  plain = {
    .from = "billing@example.test",
    .from_name = "Example Boards",
    .to = "owner@example.test",
    .subject = "Your receipt",
    .message_id = "0123456789abcdef@example.test",
    .text = "Thank you.\nGood bye.\n",
    .at = 1772355600
};


static char *
format(const billing_letter_t *letter)
{
    size_t   len = 0;
    char    *bytes = billing_letter_format(letter, &len);

    if (bytes != NULL) {
        assert_int_equal(strlen(bytes), len);
    }

    return bytes;
}


static const char *
body(const char *bytes)
{
    const char  *end = strstr(bytes, "\r\n\r\n");

    assert_non_null(end);

    return end + 4;
}


static void
every_header_is_there_once(void **state)
{
    char              *bytes = format(&plain);
    static const char  expected[] =
        "From: Example Boards\r\n <billing@example.test>\r\n"
        "To: <owner@example.test>\r\n"
        "Subject: Your receipt\r\n"
        "Date: Sun, 1 Mar 2026 09:00:00 +0000\r\n"
        "Message-ID: <0123456789abcdef@example.test>\r\n"
        "MIME-Version: 1.0\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "Content-Type: text/plain; charset=UTF-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        "Thank you.\r\nGood bye.\r\n\r\n";

    (void) state;
    assert_string_equal(bytes, expected);
    free(bytes);
}


static void
p44_nothing_typed_adds_a_header(void **state)
{
    char              *bytes;
    billing_letter_t   letter = plain;

    (void) state;
    letter.subject = "x\r\nBcc: a@example.test\r\n\r\nhello";
    letter.from_name = "Eve\r\nX-Evil: 1";
    bytes = format(&letter);
    assert_null(strstr(bytes, "Bcc"));
    assert_null(strstr(bytes, "X-Evil"));
    assert_null(strstr(bytes, "hello"));
    free(bytes);
}


static void
p44_what_is_not_one_mailbox_is_refused(void **state)
{
    static const char *const  bad[] = {
        "", "a", "a@b@c.test", "a@example.test\r\nBcc: b@example.test",
        "a@example.test,b@example.test", "a@example.test b@example.test",
        "<a@example.test>", "\"a b\"@example.test", "a\n@example.test", NULL
    };

    (void) state;

    for (size_t i = 0; bad[i] != NULL; i++) {
        billing_letter_t  letter = plain;

        letter.to = bad[i];
        assert_null(format(&letter));
        letter = plain;
        letter.from = bad[i];
        assert_null(format(&letter));
    }
}


static void
subjects_become_folded_encoded_words(void **state)
{
    char              *bytes, *line;
    billing_letter_t   letter = plain;

    (void) state;
    letter.subject = "Votre re\xc3\xa7u";
    bytes = format(&letter);
    assert_non_null(strstr(bytes, "Subject: =?UTF-8?B?Vm90cmUgcmXDp3U=?=\r\n"));
    free(bytes);

    /* 100 characters of two bytes: no word ends inside one. */
    letter.subject =
        "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
        "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
        "x\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9";
    bytes = format(&letter);
    line = strstr(bytes, "Subject: ");
    assert_non_null(strstr(line, "?=\r\n =?UTF-8?B?"));
    *strstr(line, "Date") = '\0';

    for (char *word = line; (word = strstr(word, "=?UTF-8?B?")) != NULL;) {
        word += 10;
        /* "w6nDqcOp": whole pairs begin with w6 or eM */
        assert_true(strncmp(word, "w6", 2) == 0 || *word == 'e'
                    || *word == 'q' || *word == 'D');
        assert_true(strcspn(word, "\r") <= 66);
    }

    free(bytes);
}


static void
bodies_are_quoted_printable(void **state)
{
    char              *bytes;
    char               longer[300];
    billing_letter_t   letter = plain;

    (void) state;
    letter.text = ".\n..dot\na=b\nend \n\xc3\xa9t\xc3\xa9\r\nlast\t";
    bytes = format(&letter);
    assert_string_equal(body(bytes), "=2E\r\n=2E.dot\r\na=3Db\r\nend=20\r\n"
                                     "=C3=A9t=C3=A9\r\nlast=09\r\n");
    free(bytes);

    memset(longer, '.', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    letter.text = longer;
    bytes = format(&letter);

    for (const char *line = body(bytes); *line != '\0';) {
        size_t  len = strcspn(line, "\r\n");

        assert_true(len <= 76);
        assert_true(line[0] != '.');
        assert_true(line[len] == '\r' && line[len + 1] == '\n');
        line += len + 2;
    }

    free(bytes);
}


static void
a_file_and_html_are_parts_of_their_own(void **state)
{
    char              *bytes, *text, *html, *file;
    billing_letter_t   letter = plain;

    (void) state;
    letter.lang = "fr\r\nBcc: a@example.test";
    letter.html = "<p>Merci.</p>\n--=_a_0123456789abcdef--\n";
    letter.file = "%PDF-";
    letter.file_len = 5;
    letter.file_name = "facture-INV-1.pdf";
    bytes = format(&letter);
    assert_null(strstr(bytes, "Bcc"));
    assert_null(strstr(bytes, "Content-Language"));
    assert_non_null(strstr(bytes, "Content-Type: multipart/mixed;\r\n"
                                  " boundary=\"=_m_0123456789abcdef\"\r\n"));

    /* Text, the same as HTML, the file: in this order, each closed. */

    text = strstr(bytes, "Content-Type: text/plain");
    html = strstr(bytes, "Content-Type: text/html");
    file = strstr(bytes, "Content-Type: application/pdf");
    assert_true(text != NULL && html > text && file > html);
    assert_non_null(strstr(html, "--=3D_a_0123456789abcdef--"));
    assert_non_null(strstr(html, "\r\n--=_a_0123456789abcdef--\r\n"));
    assert_non_null(strstr(file, "filename=\"facture-INV-1.pdf\"\r\n\r\n"
                                 "JVBERi0=\r\n--=_m_0123456789abcdef--\r\n"));
    free(bytes);
}


static void
p66_a_domain_has_its_share_of_a_minute(void **state)
{
    char            full[BILLING_PACE_FULL][BILLING_EMAIL_MAX + 1];
    billing_pace_t  pace = { .domains = { { .n = 0 } } };

    (void) state;
    assert_true(billing_pace_may(&pace, "a.test", 2, 1000000));
    assert_true(billing_pace_may(&pace, "a.test", 2, 1000001));
    assert_int_equal(billing_pace_full(&pace, 2, 1000002, full), 1);
    assert_string_equal(full[0], "a.test");
    assert_string_equal(full[1], "-");
    assert_false(billing_pace_may(&pace, "a.test", 2, 1000002));
    assert_true(billing_pace_may(&pace, "b.test", 2, 1000002));
    assert_true(billing_pace_may(&pace, "a.test", 0, 1000002));
    assert_true(billing_pace_may(&pace, "a.test", 2, 1060001));
    assert_int_equal(billing_pace_full(&pace, 2, 1060001, full), 0);
}


static void
a_mail_is_queued_with_the_transaction(void **state)
{
    worker_fixture_t  *f = *state;

    assert_int_equal(billing_db_begin(f->w.db), BILLING_DB_OK);
    assert_int_equal(billing_mail_queue(&f->w, "owner@example.test",
                                        "mail.receipt", "fr", NULL, 1000),
                     BILLING_DB_OK);
    billing_db_rollback(f->w.db);
    assert_int_equal(worker_number(f->w.db,
                                   "SELECT COUNT(*) FROM mail_outbox"), 0);

    assert_int_equal(billing_mail_queue(&f->w, "owner@example.test",
                                        "mail.receipt", "fr", NULL, 1000),
                     BILLING_DB_OK);
    assert_int_equal(billing_mail_queue(&f->w, "owner@example.test",
                                        "mail.receipt", "en", NULL, 1000),
                     BILLING_DB_OK);
    assert_int_equal(worker_number(f->w.db, "SELECT COUNT(*) FROM mail_outbox"
                                   " WHERE state = 'queued' AND next_at = 1000"
                                   " AND message_id LIKE '%@example.test'"),
                     2);
}


#define WITH_WORKER(test)                                                     \
    cmocka_unit_test_setup_teardown(test, worker_setup, worker_teardown)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(every_header_is_there_once),
        cmocka_unit_test(p44_nothing_typed_adds_a_header),
        cmocka_unit_test(p44_what_is_not_one_mailbox_is_refused),
        cmocka_unit_test(subjects_become_folded_encoded_words),
        cmocka_unit_test(bodies_are_quoted_printable),
        cmocka_unit_test(a_file_and_html_are_parts_of_their_own),
        cmocka_unit_test(p66_a_domain_has_its_share_of_a_minute),
        WITH_WORKER(a_mail_is_queued_with_the_transaction)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
