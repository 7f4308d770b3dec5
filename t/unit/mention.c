/* What the law has on a document, case by case. */

#include "domain_fixture.h"

#define BIT(name)  (1u << BILLING_MENTION_##name)
#define TRADE      (BIT(DISCOUNT) | BIT(PENALTY) | BIT(RECOVERY))


typedef struct {
    const char      *what;
    billing_sale_t   sale;
    uint32_t         expected;
} mention_case_t;


static const mention_case_t  cases[] = {
    { "at home, to a business",
      { "FR", "FR", BILLING_TAX_RATE, true, false, true, false },
      BIT(SERVICES) | TRADE },
    { "at home, to a consumer",
      { "FR", "FR", BILLING_TAX_RATE, true, false, false, false },
      BIT(SERVICES) },
    { "a seller that pays VAT when it bills",
      { "FR", "FR", BILLING_TAX_RATE, true, true, true, false },
      BIT(SERVICES) | BIT(DEBITS) | TRADE },
    { "a seller that charges no VAT",
      { "FR", "FR", BILLING_TAX_NONE, false, true, true, false },
      BIT(SERVICES) | BIT(EXEMPT) | TRADE },
    { "a business elsewhere in the Union with a VAT id",
      { "FR", "DE", BILLING_TAX_REVERSED, true, false, true, false },
      BIT(SERVICES) | BIT(REVERSED) | TRADE },
    { "somebody in the Union without a rate",
      { "FR", "DE", BILLING_TAX_NO_RATE, true, false, true, false },
      BIT(SERVICES) | TRADE },
    { "outside of the Union",
      { "FR", "US", BILLING_TAX_NO_RATE, true, false, true, false },
      BIT(SERVICES) | BIT(OUTSIDE) | TRADE },
    { "nobody knows where",
      { "FR", "", BILLING_TAX_NO_COUNTRY, true, false, false, false },
      BIT(SERVICES) },
    { "a credit note asks for no money",
      { "FR", "DE", BILLING_TAX_REVERSED, true, false, true, true },
      BIT(SERVICES) | BIT(REVERSED) },
    { "a seller elsewhere has its own law",
      { "US", "FR", BILLING_TAX_NO_RATE, true, true, true, false }, 0 },
    { "a German seller reverses too",
      { "DE", "FR", BILLING_TAX_REVERSED, true, false, true, false },
      BIT(REVERSED) }
};


static void
r117_p41_what_a_document_has_to_say(void **state)
{
    (void) state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (billing_mentions(&cases[i].sale) != cases[i].expected) {
            fail_msg("%s: %x instead of %x", cases[i].what,
                     billing_mentions(&cases[i].sale), cases[i].expected);
        }
    }
}


static void
every_mention_has_a_name(void **state)
{
    (void) state;

    for (int i = 0; i < BILLING_MENTIONS; i++) {
        assert_true(strlen(billing_mention_name((billing_mention_t) i)) > 3);
    }

    assert_string_equal(billing_mention_name(BILLING_MENTIONS), "");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(r117_p41_what_a_document_has_to_say),
        cmocka_unit_test(every_mention_has_a_name)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);

    return cmocka_run_group_tests_name("mention", tests, NULL, NULL);
}
