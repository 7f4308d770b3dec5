#!/usr/bin/perl

# Who passed lately passes as before, until one of the grounds has changed:
# each is changed alone here, after it has been seen that the memo is warm.
# How far it trusts what it has is in memo_trust.t.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use Digest::MD5 qw(md5_hex);
use FakeWorker ();
use IO::Socket::INET;
use Test::More;
use Test::Nginx::Local::Server;
use Time::HiRes qw(sleep time);

my $dir = fixture();
seed();
redis('SET', 'billing:1:epoch', '1 ready');
worker_start();

my $now = int time;
put(team('same', 'team', 'active'), board('same', 'same', 1),
    member('same', 'owner@example.test', 2),
    team('trial', 'business', 'trial', valid_until => $now + 3600,
        plan_after => 'free'),
    team('after', 'free', 'free', valid_until => $now + 3600,
        plan_after => 'business'),
    team('period', 'business', 'trial', valid_until => $now - 1,
        plan_after => 'team', period_end => $now + 3600),
    team('passes', 'business', 'active', day_passes => JSON::PP::true()),
    member('passes', 'owner@example.test', 128, pass_ends_at => $now + 3600),
    (map { member($_, 'owner@example.test', 2) } qw(trial after period)),
    board('open', 'business', 9, link => 'view'),
    board('shut', 'business', 10, private => JSON::PP::true()),
    access('shut', 'member@example.test', 2));

my $VARIABLES = join '|', map { "\$billing_$_" } qw(status reason team plan
    state seats seats_used role version period_end valid_until age
    feature_voting feature_single_sign_on limit_ai_credits
    limit_editable_boards session_profile);

$Test::Nginx::Local::Server::WORKERS = 1;

# The debug log says who passed as before; what asks very often has none.

sub start {
    my ($level) = @_;
    nginx_start(log_level => $level,
        http_config => "billing_config $dir/billing.json; "
            . 'billing_zone billing 1m; billing_worker off;',
        config => <<"CONF");
    billing_profile \$arg_p\@example.test;
    billing_cache_ttl 60s;
    keepalive_requests 100000;
    add_header X-Said "\$billing_status \$billing_reason \$billing_version" always;
    add_header X-All "$VARIABLES" always;
    add_header X-Cache "\$billing_cache" always;
    location = /view { billing_team \$arg_t; billing_board \$arg_b;
        billing_require view; empty_gif; }
    location = /team { billing_team \$arg_t; billing_require view;
        empty_gif; }
    location = /edit { billing_team \$arg_t; billing_require edit;
        empty_gif; }
    location = /auto { billing_team \$arg_t; billing_require auto;
        try_files /none \@ok; }
    location = /sso { billing_team \$arg_t;
        billing_require view single_sign_on; empty_gif; }
    location = /limit { billing_team \$arg_t;
        billing_require view limit=ai_credits:\$arg_used; empty_gif; }
    location = /board { billing_board \$arg_b; billing_require auto;
        empty_gif; }
    location = /nobody { billing_profile ""; billing_board \$arg_b;
        billing_require view; empty_gif; }
    location = /anybody { billing_profile \$arg_p; billing_team \$arg_t;
        billing_require view; empty_gif; }
    location = /dry { billing_team \$arg_t; billing_require view;
        billing_dry_run on; empty_gif; }
    location = /session { billing_profile \$billing_session_profile;
        billing_team \$arg_t; billing_require view; empty_gif; }
    location = /first { billing_team \$arg_t; billing_require view;
        try_files /none \@second; }
    location \@second { billing_team \$arg_u; billing_require view;
        empty_gif; }
    location \@ok { return 200; }
    location / { billing_api; }
CONF
}

sub said {
    my ($path, %how) = @_;
    my ($status, $head, $body) = get($path, %how);
    my ($said) = $head =~ /^X-Said: ([^\r\n]*)/m;
    return join ' ', $status, $said // '';
}

# Whether the last requests passed as before.

sub as_before {
    my @lines = grep { /billing: passes as before/ }
        @{ Test::Nginx::Local::Server::error_log_data() };
    return scalar @lines;
}

sub warm {
    my ($path, @how) = @_;
    my $said = said($path, @how);
    as_before();
    is(said($path, @how), $said, "$path is answered as before");
    is(as_before(), 1, 'by its memo');
    return $said;
}

sub until_said {
    my ($path, $like, $what, @how) = @_;
    ok(until_true(sub { said($path, @how) =~ $like }, 3), $what);
}

# Records of before a link and of after it are not trusted alike.

sub linked {
    ok(until_true(sub { counters()->{link} }, 5), 'somebody listens');
}

start('debug');
linked();


# --- the question ---------------------------------------------------------------

like(warm('/view?p=owner&t=paid&b=paid1'), qr/^200 PASSED/, 'a member');
like(said('/view?p=stranger&t=paid&b=paid1'), qr/^403 REFUSED NOT_A_MEMBER/,
    'somebody else');
like(said('/view?p=owner&t=gone&b=paid1'), qr/^404 REFUSED/, 'another team');
like(said('/view?p=owner&t=paid&b=free1'), qr/^404 REFUSED/, 'another board');

like(warm('/view?p=owner&b=same'), qr/^200 PASSED/, 'a board names its team');
like(said('/view?p=owner&t=same'), qr/^404 REFUSED BOARD_NOT_FOUND/,
    'a team of that name is no board');

warm('/team?p=guest&t=paid');
like(said('/sso?p=guest&t=paid'), qr/^402 REFUSED FEATURE_MISSING/,
    'features that another location requires');
warm('/team?p=guest&t=paid');
like(said('/edit?p=guest&t=paid'), qr/^403 REFUSED GUEST_VIEW_ONLY/,
    'that it requires to edit');

warm('/auto?p=guest&t=paid');
like(said('/auto?p=guest&t=paid', method => 'PUT'),
    qr/^403 REFUSED GUEST_VIEW_ONLY/, 'what another method means');

like(said('/limit?p=owner&t=paid&used=1'), qr/^200 PASSED/, 'room for more')
    for 1 .. 3;
like(said('/limit?p=owner&t=paid&used=25'), qr/^402 REFUSED LIMIT_REACHED/,
    'used up');

like(said('/dry?p=stranger&t=paid'), qr/^200 REFUSED_DRY_RUN NOT_A_MEMBER/,
    'a dry run') for 1 .. 3;
like(said('/team?p=stranger&t=paid'), qr/^403 REFUSED NOT_A_MEMBER/,
    'is no memo');

like(warm('/first?p=owner&t=paid&u=paid'), qr/^200 PASSED/,
    'an internal redirect that asks the same');
like(said('/first?p=owner&t=paid&u=business'), qr/^200 PASSED/, 'another')
    for 1 .. 2;
as_before();
said('/first?p=owner&t=paid&u=business');
is(as_before(), 2, 'has a memo of its own');
like(said('/first?p=stranger&t=paid&u=paid'), qr/^403/, 'the first counts');
like(said('/first?p=owner&t=paid&u=gone'), qr/^404/, 'and the second');


# --- each record ----------------------------------------------------------------

my $version = 1;

sub changes {
    my ($path, $like, $what, $changed, @back) = @_;
    warm($path);
    publish($changed);
    until_said($path, $like, $what);
    publish(@back);
    until_said($path, qr/^200/, 'and back');
}

$version++;
changes('/board?p=owner&b=paid1', qr/^404/, 'the board is deleted',
    board('paid1', 'paid', 1, gone => JSON::PP::true(), version => $version),
    board('paid1', 'paid', 1, version => ++$version));
changes('/board?p=owner&b=paid1', qr/^404/, 'it moves to another team',
    board('paid1', 'gone', 1, version => ++$version),
    board('paid1', 'paid', 1, version => ++$version));
changes('/edit?p=owner&t=paid', qr/^403 REFUSED TEAM_EXPIRED/, 'the team ends',
    team('paid', 'team', 'expired', version => ++$version),
    team('paid', 'team', 'active', version => ++$version));
changes('/team?p=member&t=paid', qr/^403 REFUSED NOT_A_MEMBER/,
    'the member leaves',
    member('paid', 'member@example.test', 0, version => ++$version),
    member('paid', 'member@example.test', 2, version => ++$version));
changes('/board?p=member&b=shut', qr/^404/, 'rights on a board are taken',
    access('shut', 'member@example.test', 0, version => ++$version),
    access('shut', 'member@example.test', 2, version => ++$version));
changes('/nobody?b=open', qr/^401/, 'a public link is closed',
    board('open', 'business', 9, version => ++$version),
    board('open', 'business', 9, link => 'view', version => ++$version));


# --- what somebody has seen -----------------------------------------------------

my $path = '/edit?p=owner&t=paid';
warm($path);
put(team('paid', 'team', 'expired', version => ++$version));
like(said($path), qr/^200/, 'a change that nobody has told of');
like(said($path, headers => ["Cookie: billing_seen=paid:1:$version"]),
    qr/^403/, 'who has seen it is asked for it');
put(team('paid', 'team', 'active', version => ++$version));
until_said($path, qr/^200/, 'and back',
    headers => ["Cookie: billing_seen=paid:1:$version"]);
warm($path, headers => ["Cookie: billing_seen=paid:1:$version"]);
like(said($path, headers => ["Cookie: billing_seen=other:1:99"]), qr/^200/,
    'what was seen of another team');
is(as_before(), 1, 'is no doubt');

warm($path);
put(team('paid', 'team', 'expired', version => ++$version));
worker(qq({"team":"paid","epoch":1,"version":$version}));
my ($status) = get('/upgrade', method => 'POST', body =>
    '{"team":"paid","plan":"team","seats":3,"period":"monthly",'
    . '"payment":{"method":"card","payment_method":"pm_1"}}',
    headers => [split(/\n/, FakeWorker::logged_in('owner@example.test')),
                'Idempotency-Key: 0123456789abcdef']);
is($status, 200, 'an answer says that there is a newer one');
like(said($path), qr/^403/, 'then nobody passes by the older one');
publish(team('paid', 'team', 'active', version => ++$version));
until_said($path, qr/^200/, 'and back');


# --- the session ----------------------------------------------------------------

my $cookie = FakeWorker::cookie('owner@example.test', expires => int(time) + 3);
like(warm('/session?t=paid', headers => [$cookie]), qr/^200/, 'a session');
like(said('/session?t=paid'), qr/^401/, 'none');
like(said('/session?t=paid', headers => ["$cookie; "
    . substr($cookie, length 'Cookie: ')]), qr/^401/, 'twice the same is none');
like(said('/session?t=paid', headers => [
    FakeWorker::cookie('stranger@example.test')]), qr/^403/, 'another one');
until_said('/session?t=paid', qr/^401/, 'it ends', headers => [$cookie]);


# --- the clock ------------------------------------------------------------------

sub clock {
    my ($seconds) = @_;
    redis('PUBLISH', 'billing:1:notice', "billing:1:clock $seconds");
}

like(warm($_), qr/^200 PASSED/, $_) for my @ending = ('/sso?p=owner&t=trial',
    '/edit?p=owner&t=period', '/edit?p=owner&t=passes');
like(said('/sso?p=owner&t=after'), qr/^402/, 'what there will be later is not');
clock(7200);
until_said('/sso?p=owner&t=after', qr/^200/, 'the clock goes on');
warm('/sso?p=owner&t=after');
like(said($ending[0]), qr/^402 REFUSED FEATURE_MISSING/, 'a trial ends');
like(said($ending[1]), qr/^403 REFUSED TEAM_EXPIRED/, 'a period ends');
like(said($ending[2]), qr/^402 REFUSED DAYPASS_NEEDED/, 'a Day Pass ends');
clock(0);
until_said('/sso?p=owner&t=after', qr/^402/,
    'what holds since an instant did not before');
like(said($_), qr/^200 PASSED/, $_) for @ending;


# --- what is seen of it ---------------------------------------------------------

sub all {
    my (undef, $head) = get(@_);
    my ($all) = $head =~ /^X-All: ([^\r\n]*)/m;
    return ($all, $head =~ /^X-Cache: (\w+)/m);
}

nginx_stop();
start('debug');
linked();

for my $path ('/view?p=owner&t=paid&b=paid1', '/edit?p=owner&t=trial',
    '/edit?p=owner&t=passes', '/board?p=member&b=shut', '/nobody?b=open',
    '/board?p=guest&b=open', '/board?p=guest&b=paid1', '/team?p=owner&t=free')
{
    my ($all, $cache) = all($path);
    is($cache, 'MISS', "$path is fetched");
    said('/view?p=member&t=business');  # leaves its own where ours were
    as_before();
    ($cache, my $again) = reverse all($path);
    my $age = qr/\|\d+\|(?=[01]\|)/;
    s/$age/|AGE|/ for $all, $again;
    is($again, $all, 'variables are the same by a memo');
    is($cache, 'HIT', 'but the one that tells');
    is(as_before(), $all =~ /^PASSED/ ? 1 : 0, 'which it was');
}

my $before = counters()->{counters};
all('/view?p=owner&t=paid&b=paid1') for 1 .. 5;
my $after = counters()->{counters};
is($after->{$_} - $before->{$_}, 5, "all that pass are counted: $_")
    for qw(passed hit);


# --- names that nobody chose well ------------------------------------------------

sub many {
    my ($n, $path) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $Test::Nginx::Local::Server::PORT) or die;
    my %count;
    for (my $i = 0; $i < $n; $i += 100) {
        print $socket map { 'GET ' . $path->($_) . " HTTP/1.1\r\n"
            . "Host: localhost\r\n\r\n" } $i .. $i + 99;
        my ($left, $text) = (100, '');
        while ($left) {
            sysread $socket, $text, 65536, length $text or last;
            while ($text =~ s{^(HTTP/1.1 (\d+).*?\r\n\r\n)}{}s) {
                my ($head, $status) = ($1, $2);
                my ($length) = $head =~ /^Content-Length: (\d+)/mi;
                while (length $text < $length) {
                    sysread $socket, $text, 65536, length $text or last;
                }
                substr $text, 0, $length, '';
                $count{$status}++;
                $left--;
            }
        }
    }
    return \%count;
}

nginx_stop();
start('error');
said('/anybody?p=owner@example.test&t=paid') for 1 .. 2;
is_deeply(many(20000, sub {
        sprintf '/anybody?p=ow%.16s&t=paid', md5_hex($_[0]) }),
    { 401 => 20000 }, 'no other name of that length is somebody');

nginx_stop();

done_testing();
