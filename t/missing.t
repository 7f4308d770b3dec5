# Addresses that do not exist, in both languages, for programs and readers.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use FakeWorker;
use Test::Nginx::Socket 'no_plan';

our $dir = fixture();

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value('http_config', '$TEST_NGINX_BILLING');
    $block->set_value('config', 'location / { billing_api; }');
});

no_root_location();
no_long_string();
run_tests();

__DATA__

=== TEST 1: R3 in French, a program is told to switch to English
--- request
GET /nothing?lang=fr
--- error_code: 404
--- response_headers
Content-Type: application/problem+json; charset=utf-8
Content-Language: fr
Vary: Accept, Accept-Language, Cookie
--- response_body_like: "detail":"Cette page n’existe pas en français\.","code":"PAGE_NOT_FOUND_FR","next":"Passez à l’anglais



=== TEST 2: R3 in French by the browser's wish
--- request
GET /nothing
--- more_headers
Accept-Language: fr-CA, en;q=0.5
--- error_code: 404
--- response_body_like: "code":"PAGE_NOT_FOUND_FR"



=== TEST 3: R3 R4 in French, a reader gets a page that offers English
--- request
GET /nothing
--- more_headers
Accept: text/html,application/xhtml+xml,*/*;q=0.8
Cookie: lang=fr
--- error_code: 404
--- response_headers
Content-Type: text/html; charset=utf-8
Content-Language: fr
Cache-Control: no-store
X-Content-Type-Options: nosniff
Cross-Origin-Resource-Policy: same-origin
Cross-Origin-Opener-Policy: same-origin
--- response_body_like
<html lang="fr">(?s).*content="PAGE_NOT_FOUND_FR".*Cette page n’existe pas en français\..*Passez à l’anglais.*<a href="\?lang=en" hreflang="en" lang="en">English</a>



=== TEST 4: R3 the switch that is offered leads on
--- request
GET /nothing?lang=en
--- more_headers
Accept: text/html
Cookie: lang=fr
--- error_code: 404
--- response_headers
Content-Language: en
--- response_body_like
<html lang="en">(?s).*content="NOT_FOUND".*There is nothing at this address\.



=== TEST 5: in English, a program gets what it always got
--- request
GET /nothing
--- more_headers
Accept-Language: en
--- error_code: 404
--- response_headers
Content-Language: en
--- response_body_like: "code":"NOT_FOUND"
--- response_body_unlike: FR



=== TEST 6: the address is not repeated in the page
--- request
GET /%3Cscript%3Ealert(1)%3C/script%3E?lang=fr
--- more_headers
Accept: text/html
--- error_code: 404
--- response_body_unlike: script



=== TEST 7: HEAD has the headers of the page alone
--- request
HEAD /nothing?lang=fr
--- more_headers
Accept: text/html
--- error_code: 404
--- response_headers
Content-Type: text/html; charset=utf-8
--- response_body



=== TEST 8: what is no page is not missing in French alone
--- request
POST /nothing?lang=fr
--- error_code: 404
--- response_headers
Content-Language: fr
--- response_body_like: "code":"NOT_FOUND"



=== TEST 9: another method of a page that exists is no missing page
--- request
DELETE /pricing?lang=fr
--- error_code: 405
--- response_body_like: "code":"METHOD_NOT_ALLOWED"
