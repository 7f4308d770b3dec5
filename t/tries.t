#!/usr/bin/perl

# Who is wrong too often: guesses at promo codes, by person; webhooks that
# nobody signed, by address.  Who is right is let in (P54).

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use FakeWorker;
use Test::More;
use Test::Nginx::Local::Server;
use Time::HiRes qw(sleep);

my $dir = fixture();

$Test::Nginx::Local::Server::MASTER = 'on';
$Test::Nginx::Local::Server::WORKERS = 2;
nginx_start(http_config => $ENV{TEST_NGINX_BILLING},
            config => 'location / { billing_api; }');

sub quote {
    my ($who, $promo) = @_;
    my ($status, $head, $body) = get('/upgrade/quote', method => 'POST',
        headers => [split /\n/, logged_in($who)],
        body => '{"team":"t1","plan":"team","seats":3,"period":"monthly",'
            . '"payment_method":"card"' . ($promo ? qq(,"promo":"$promo") : '') . '}');
    my ($code) = $body =~ /"code":\s*"(\w+)"/;
    return join ' ', $status, $code // ();
}

# --- promo codes ----------------------------------------------------------------

worker('{"status":422,"problem":true,"body":{"code":"PROMO_UNKNOWN"}}');
is(quote('ann@example.test', 'SAME'), '422 PROMO_UNKNOWN', 'a code that is not')
    for 1 .. 15;
is(quote('ann@example.test', "GUESS$_"), '422 PROMO_UNKNOWN', "guess $_")
    for 1 .. 9;
worker('{}');
is(quote('ann@example.test', 'GUESS10'), '429 PROMO_PAUSED',
    'P54 ten codes were wrong, the same again was one of them');
is(quote('ann@example.test', 'GOOD'), '429 PROMO_PAUSED', 'no code is looked up');
is(quote('ann@example.test'), '200', 'without a code she goes on');
is(quote('bob@example.test', 'GOOD'), '200', 'another person is not held up');

nginx_signal('HUP');
ok(until_true(sub { error_log() =~ /gracefully shutting down/ }, 5), 'reload');
is(quote('ann@example.test', 'GOOD'), '429 PROMO_PAUSED', 'a reload forgets nothing');

my (undef, $head) = get('/upgrade/quote', method => 'POST',
    headers => [split /\n/, logged_in('ann@example.test')],
    body => '{"team":"t1","plan":"team","seats":3,"period":"monthly",'
        . '"payment_method":"card","promo":"GOOD"}');
like($head, qr/^Retry-After: 3600\r?$/m, 'and when to come again');

# --- webhooks -------------------------------------------------------------------

my $event = '{"id":"evt_1","object":"event","type":"payment_intent.succeeded",'
    . '"data":{"object":{"id":"pi_1","object":"payment_intent"}}}';

sub event {
    my (%how) = @_;
    my ($status) = get('/billing/webhook', method => 'POST', body => $event,
        headers => ['Content-Type: application/json', webhook($event, %how)]);
    return $status;
}

is(event(secret => 'whsec_x'), 400, "bad signature $_") for 1 .. 10;
is(event(secret => 'whsec_x'), 429, 'P54 one more from that address');
is(event(), 200, 'who signs is let in, from the same address');
is(() = error_log() =~ /webhook without a valid signature/g, 10,
    'and the log has a line for each of ten');

nginx_stop();
done_testing();
