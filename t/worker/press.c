/* Paper: where pages end, the same bytes again, and nothing that is markup. */

#include "worker_fixture.h"

#include "../../src/document/billing_press.h"

#define FONTS  "/usr/share/fonts/truetype/dejavu/"

static const char *const  fonts[] = {
    FONTS "DejaVuSans.ttf", FONTS "DejaVuSans-Bold.ttf", NULL
};


static void
pages_end_where_there_is_no_room(void **state)
{
    int              heights[10] = { 10, 10, 10, 10, 10, 10, 10, 10, 10, 10 };
    unsigned         ends[8];
    billing_room_t   room = { .first = 40, .next = 60, .carry = 10,
                              .tail = 20 };

    (void) state;

    /* All on one with its sums; then a page of three and the carried sum. */

    assert_int_equal(billing_pages_cut(heights, 2, &room, ends, 8), 1);
    assert_int_equal(ends[0], 2);
    assert_int_equal(billing_pages_cut(heights, 10, &room, ends, 8), 3);
    assert_int_equal(ends[0], 3);
    assert_int_equal(ends[1], 7);
    assert_int_equal(ends[2], 10);

    /* The sums never stand alone: a row goes with them. */

    assert_int_equal(billing_pages_cut(heights, 4, &room, ends, 8), 2);
    assert_int_equal(ends[0], 3);
    assert_int_equal(ends[1], 4);

    assert_int_equal(billing_pages_cut(heights, 0, &room, ends, 8), 1);
    assert_int_equal(billing_pages_cut(heights, 10, &room, ends, 2), 0);
}


/* Whatever the heights: each row once, in order, and never more than fits. */

static void
pages_hold_every_row_once(void **state)
{
    int              heights[40], used;
    unsigned         ends[64], n, pages, row, seed = 20261123;
    billing_room_t   room = { .first = 90, .next = 130, .carry = 12,
                              .tail = 45 };

    (void) state;

    for (int round = 0; round < 2000; round++) {
        n = (unsigned) rand_r(&seed) % 40;

        for (unsigned i = 0; i < n; i++) {
            heights[i] = 5 + rand_r(&seed) % 40;
        }

        pages = billing_pages_cut(heights, n, &room, ends, 64);
        assert_true(pages > 0);
        assert_int_equal(ends[pages - 1], n);
        row = 0;

        for (unsigned page = 0; page < pages; page++) {
            used = page == 0 ? 0 : room.carry;
            assert_true(ends[page] > row || n == 0);

            while (row < ends[page]) {
                used += heights[row++];
            }

            used += page + 1 == pages ? room.tail : room.carry;
            assert_true(used <= (page == 0 ? room.first : room.next)
                        || ends[page] - (page ? ends[page - 1] : 0) == 1);
        }
    }
}


static json_t *
paper(int rows)
{
    char     text[200];
    json_t  *list = json_array(), *carry = json_array();

    for (int i = 0; i < rows; i++) {
        (void) snprintf(text, sizeof(text), "Ligne %d : l'été à Besançon, un"
                        " nom très long qui passe sur plusieurs lignes parce"
                        " qu'il n'a pas la place", i + 1);
        json_array_append_new(list, json_pack("[s, s, s, s, s]", text, "1",
                              "1 000,00 €", "20 %", "1 000,00 €"));
        (void) snprintf(text, sizeof(text), "somme %d", i + 1);
        json_array_append_new(carry, json_string(text));
    }

    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:[s, s], s:s, s:[s], s:s,"
        " s:[[s, s]], s:[s, s, s, s, s], s:o, s:o, s:[[s, s]], s:[s], s:s,"
        " s:s, s:s, s:s}",
        "lang", "fr", "title", "Facture INV-2026-000001", "heading",
        "Facture", "number", "INV-2026-000001", "issued",
        (json_int_t) 1772355600, "seller", "Exemple SAS", "Besançon",
        "seller_label", "Vendeur", "buyer", "<b>Œuvre & Cie</b>",
        "buyer_label", "Client", "facts", "Numéro", "INV-2026-000001",
        "columns", "Désignation", "Quantité", "Prix", "Taux", "Montant",
        "rows", list, "carry", carry, "totals", "Total TTC", "1 200,00 €",
        "notes", "Autoliquidation", "footer", "Exemple SAS", "page",
        "Page {page} sur {pages}", "carried", "À reporter", "brought",
        "Report");
}


static unsigned
count(const char *bytes, size_t len, const char *what)
{
    unsigned     n = 0;
    const char  *at = bytes;

    while ((at = memmem(at, len - (size_t) (at - bytes), what, strlen(what)))
           != NULL)
    {
        n++;
        at++;
    }

    return n;
}


static void
r105_the_same_paper_is_the_same_bytes(void **state)
{
    char             *first, *again;
    size_t            len, len2;
    json_t           *one = paper(80), *other = paper(3);
    billing_press_t  *press = billing_press_new(fonts);

    (void) state;
    assert_non_null(press);

    first = billing_press_pdf(press, one, &len);
    assert_non_null(first);
    assert_true(count(first, len, "/Type /Page ") > 2);
    assert_int_equal(count(first, len, "/Lang (fr)"), 1);
    assert_int_equal(count(first, len, "/DisplayDocTitle true"), 1);
    assert_int_equal(count(first, len, "20260301090000"), 2);

    /* What was printed in between, and by whom, changes nothing. */

    again = billing_press_pdf(press, other, &len2);
    assert_true(len2 < len);
    free(again);
    billing_press_free(press);
    press = billing_press_new(fonts);

    again = billing_press_pdf(press, one, &len2);
    assert_int_equal(len, len2);
    assert_memory_equal(first, again, len);

    free(first);
    free(again);
    json_decref(one);
    json_decref(other);
    billing_press_free(press);
}


static void
a_press_needs_its_fonts(void **state)
{
    static const char *const  missing[] = { "/nonexistent.ttf", NULL };

    (void) state;
    assert_null(billing_press_new(missing));
}


static void
the_language_goes_only_into_a_pdf(void **state)
{
    size_t  len = 5;

    (void) state;
    assert_null(billing_pdf_language(strdup("hello"), &len, "fr"));
}


static void
p44_a_mail_as_html_is_no_markup_but_ours(void **state)
{
    char            *text;
    json_t          *sheet = paper(1);
    billing_html_t   html = {
        .lang = "fr", .subject = "</title><script>alert(1)</script>",
        .text = "A & <img src=x onerror=alert(1)> \"'\n\nTwo\nlines\n"
                "See http://site.test/pay#n_1, or http://site.test.evil/x.\n",
        .site = "http://site.test", .sender = "\"><b>", .paper = sheet
    };

    (void) state;
    text = billing_press_html(&html);
    assert_non_null(text);
    assert_null(strstr(text, "<script"));
    assert_null(strstr(text, "<img"));
    assert_null(strstr(text, "<b>"));
    assert_non_null(strstr(text, "<html lang=\"fr\">"));
    assert_non_null(strstr(text, "A &amp; &lt;img src=x onerror=alert(1)&gt;"
                                 " &quot;&#39;</p>\n<p>Two<br>\nlines"));
    assert_non_null(strstr(text, "<a href=\"http://site.test/pay#n_1\">"));
    assert_null(strstr(text, "href=\"http://site.test.evil"));
    assert_non_null(strstr(text, "1 200,00 €"));
    free(text);
    json_decref(sheet);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(pages_end_where_there_is_no_room),
        cmocka_unit_test(pages_hold_every_row_once),
        cmocka_unit_test(r105_the_same_paper_is_the_same_bytes),
        cmocka_unit_test(a_press_needs_its_fonts),
        cmocka_unit_test(the_language_goes_only_into_a_pdf),
        cmocka_unit_test(p44_a_mail_as_html_is_no_markup_but_ours)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("press", tests, NULL, NULL);
}
