package Billing;

# What tests of the gate need: a private Redis, billing.json with its secrets,
# records written as the worker writes them, servers that misbehave, and nginx
# with a client for tests of several steps.
#
#   use Billing; my $dir = fixture();
#   put({kind => 'team', id => 't1', plan => 'team', state => 'active'});
#
# In blocks: $TEST_NGINX_BILLING (the main directives), $TEST_NGINX_BILLING_DIR.

use strict;
use warnings;

use Cwd ();
use Exporter 'import';
use File::Basename ();
use File::Temp ();
use IO::Socket::INET;
use IO::Socket::UNIX;
use IPC::Open2 ();
use JSON::PP ();
use Socket qw(SOCK_STREAM);
use Test::Nginx::Local::Client;
use Test::Nginx::Local::Server;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(fixture redis put record publish seed flush redis_start
    redis_stop redis_signal impostor nginx_start nginx_stop nginx_pid
    nginx_signal get spew error_log counters team member board access
    ready until_true conf_file worker worker_start asked_as);

my $here = Cwd::realpath(File::Basename::dirname(__FILE__));
my ($dir, $owner, $redis_pid, $record_pid, $to, $from, $client);
my ($worker_pid, $to_worker, $from_worker);
my (@impostors, $nginx);

my $MASTER = 'a master secret of a test, longer than 32 bytes';

sub spew {
    my ($name, $text, $mode) = @_;
    $name = "$dir/$name" if $name !~ m{^/};
    open my $out, '>', $name or die "$name: $!";
    print $out $text;
    close $out or die "$name: $!";
    chmod $mode // 0600, $name;
    return $name;
}

# How long nginx waits for Redis, in ms.  A loaded machine keeps both of them
# waiting; who asks what silence leads to sets what the module has of itself.

our $patience = 2000;

# billing.json of the demo with our files, then changed by pairs of texts.

sub conf_file {
    my ($name, %change) = @_;
    my $path = "$here/../../conf/billing.json";
    open my $in, '<', $path or die "$path: $!";
    my $json = do { local $/; <$in> };
    close $in;
    $json =~ s{"secrets/(\w+)"}{"$dir/$1"}g;
    $json =~ s{"address": "unix:redis\.sock"}
              {"timeout_ms": $patience, "address": "unix:$dir/redis.sock"};
    # Who says nothing of a language is answered in English here.
    $json =~ s{("language_default": )"fr"}{$1"en"};
    while (my ($from, $to) = each %change) {
        $json =~ s/\Q$from\E/$to/ or die "billing.json has no $from\n";
    }
    return spew($name, $json, 0644);
}

sub fixture {
    my (%how) = @_;
    $owner = $$;
    $dir = File::Temp::tempdir('billing-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    chmod 0755, $dir;
    spew('master', "$MASTER\n");
    spew('gateway_webhook', "whsec_of_a_test\n");
    spew('gateway_secret_key', "sk_test_of_a_test\n");
    spew('application_key', "app_key_of_a_test_0123456789abcdef\n");
    conf_file('billing.json');
    redis_start(@{ $how{redis} || [] }) if !$how{no_redis};
    $ENV{TEST_NGINX_BILLING_DIR} = $dir;
    $ENV{TEST_NGINX_BILLING} = "billing_config $dir/billing.json; "
        . 'billing_zone billing 1m; billing_worker off;';
    return $dir;
}

END {
    if (defined $owner && $owner == $$) {
        my $status = $?;
        nginx_stop();
        redis_stop();
        for my $pid (grep { $_ } $worker_pid, $record_pid, @impostors) {
            kill 'KILL', $pid;
            waitpid $pid, 0;
        }
        $? = $status;
    }
}


# --- Redis --------------------------------------------------------------------

sub redis_start {
    my (@options) = @_;
    undef $client;
    $redis_pid = fork() // die "fork: $!";
    if (!$redis_pid) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', "$dir/redis.log";
        open STDERR, '>&', \*STDOUT;
        exec $ENV{BILLING_REDIS_SERVER} || 'redis-server',
            '--port', 0, '--unixsocket', "$dir/redis.sock",
            '--save', '', '--appendonly', 'no', '--dir', $dir,
            '--maxmemory-policy', 'noeviction', @options or die;
    }
    my ($password) = "@options" =~ /--requirepass (\S+)/;
    until_true(sub {
        -S "$dir/redis.sock" && eval {
            redis('AUTH', $password) if $password;
            redis('PING') eq 'PONG';
        }
    }, 10) or die "the Redis of the test does not start\n";
}

sub redis_signal { kill $_[0], $redis_pid if $redis_pid }

sub redis_stop {
    return if !$redis_pid;
    kill 'KILL', $redis_pid;
    waitpid $redis_pid, 0;
    undef $redis_pid;
    unlink "$dir/redis.sock";
}

sub reply {
    my $line = <$client>;
    die "redis closed\n" if !defined $line;
    $line =~ s/\r\n\z//;
    my ($type, $rest) = $line =~ /^(.)(.*)/s;
    return $rest if $type eq '+' || $type eq ':';
    die "redis: $rest\n" if $type eq '-';
    return undef if $rest < 0;
    return [map { reply() } 1 .. $rest] if $type eq '*';
    read $client, my $text, $rest + 2;
    return substr $text, 0, $rest;
}

sub redis {
    my (@words) = @_;
    local $\;
    $client = undef if $client && !$client->connected;
    $client ||= IO::Socket::UNIX->new(Peer => "$dir/redis.sock",
        Type => SOCK_STREAM) or die "redis: $!\n";
    print $client '*' . @words . "\r\n",
        map { '$' . length($_) . "\r\n$_\r\n" } @words;
    $client->flush;
    return reply();
}


# --- records ------------------------------------------------------------------

# The key's name and the record's bytes.

sub record {
    my ($value) = @_;
    if (!$record_pid) {
        my $build = $ENV{BILLING_BUILD} || "$here/../../build/release";
        $record_pid = IPC::Open2::open2($from, $to, "$build/record",
            "$dir/master", 'billing');
    }
    print $to JSON::PP->new->canonical->encode(
        {epoch => 1, version => 1, %$value}), "\n";
    $to->flush;
    my $line = <$from>;
    die "no record of $value->{kind}\n" if !defined $line;
    chomp $line;
    return split / /, $line, 2;
}

sub put {
    for my $value (@_) {
        redis('SET', record($value));
    }
}

# As the worker does: written, then told.

sub publish {
    for my $value (@_) {
        my ($key, $text) = record($value);
        redis('SET', $key, $text);
        redis('PUBLISH', 'billing:1:notice', "$key $text");
    }
}

sub flush { redis('FLUSHALL') }

sub team {
    my ($id, $plan, $state, %more) = @_;
    return {kind => 'team', id => $id, plan => $plan, state => $state,
        seats => 5, members => 2, %more};
}

sub member {
    my ($team, $email, $roles, %more) = @_;
    return {kind => 'member', id => $team, email => $email,
        roles => $roles, %more};
}

sub board {
    my ($id, $team, $rank, %more) = @_;
    return {kind => 'board', id => $id, team => $team, rank => $rank, %more};
}

# Rights on one board: 1 its owner, 2 invited.

sub access {
    my ($board, $email, $rights, %more) = @_;
    return {kind => 'access', id => $board, email => $email,
        rights => $rights, %more};
}

# Somebody knows: who has no record is a stranger.

sub ready {
    redis('SET', 'billing:1:epoch', '1 ready');
    worker_start();
    worker('{}');
}


# --- a stand-in for billing-worker: fake_worker.js ----------------------------

sub worker_start {
    return if $worker_pid;
    $worker_pid = IPC::Open2::open2($from_worker, $to_worker, 'node',
        "$here/fake_worker.js", "$dir/redis.sock", "$dir/master");
    my $ready = <$from_worker>;
    die "no fake worker\n" if !defined $ready || $ready ne "ready\n";
}

# From now on it answers so.

sub worker {
    my ($how) = @_;
    print $to_worker "$how\n";
    $to_worker->flush;
    my $said = <$from_worker>;
    die "the fake worker is gone\n" if !defined $said || $said ne "ok\n";
}

# Teams in many states; roles: 1 guest, 2 member, 4 team admin, 16 billing,
# 64 without a licence.

sub seed {
    my $past = time - 86400;
    my $soon = int(time) + 86400 * 20;
    put(
        team('free', 'free', 'free', editable_from => 3, seats => 0),
        team('paid', 'team', 'active', period_end => $soon),
        team('business', 'business', 'active', period_end => $soon),
        team('ended', 'team', 'expired'),
        team('late', 'team', 'active', valid_until => int $past),
        team('gone', 'team', 'active', gone => JSON::PP::true()),
        board('free1', 'free', 1), board('free2', 'free', 2),
        board('free3', 'free', 3), board('free4', 'free', 4),
        board('secret', 'free', 5, private => JSON::PP::true()),
        board('paid1', 'paid', 1),
        board('paid2', 'paid', 2, private => JSON::PP::true()),
        board('business1', 'business', 1),
        board('ended1', 'ended', 1), board('late1', 'late', 1),
        board('nowhere', 'gone', 1),
        board('deleted', 'free', 9, gone => JSON::PP::true()),
        member('gone', 'owner@example.test', 6),
    );
    for my $team (qw(free paid business ended late)) {
        put(member($team, 'owner@example.test', 4 | 2 | 16),
            member($team, 'member@example.test', 2),
            member($team, 'guest@example.test', 1),
            member($team, 'payer@example.test', 16),
            member($team, 'stranger@example.test', 0));
    }
    put(map { access($_, 'guest@example.test', 2) }
        qw(free4 paid1 business1 ended1 late1));
    put(map { access($_, 'owner@example.test', 1) } qw(secret paid2));
}


# --- servers that misbehave ---------------------------------------------------

# Listens where Redis should; gives each connection to the function.

sub impostor {
    my ($handler) = @_;
    unlink "$dir/redis.sock";
    my $server = IO::Socket::UNIX->new(Local => "$dir/redis.sock",
        Type => SOCK_STREAM, Listen => 64) or die "impostor: $!";
    my $pid = fork() // die "fork: $!";
    if (!$pid) {
        $SIG{TERM} = 'DEFAULT';
        $SIG{PIPE} = $SIG{CHLD} = 'IGNORE';
        while (1) {
            my $connection = $server->accept or next;
            next if fork;
            $handler->($connection);
            exit;
        }
    }
    push @impostors, $pid;
    return $pid;
}


# --- nginx, in tests of several steps -----------------------------------------

{
    package Billing::Block;
    our $AUTOLOAD;
    sub AUTOLOAD {
        my ($self) = @_;
        (my $name = $AUTOLOAD) =~ s/.*:://;
        return $self->{$name};
    }
    sub DESTROY { }
}

sub nginx_start {
    my (%text) = @_;
    Test::Nginx::Local::Server::fresh_folders();
    Test::Nginx::Local::Server::write_config(
        bless { name => 'nginx', main_config => '', %text },
        'Billing::Block');
    $nginx = Test::Nginx::Local::Server::start(0);
    die 'nginx does not start: ', Test::Nginx::Local::Server::output(),
        error_log() if !$nginx;
}

# Ends it and fails for what only shows then, but for what the test expects.

sub nginx_stop {
    my ($expected) = @_;
    return if !$nginx;
    $nginx = 0;
    my $signal = Test::Nginx::Local::Server::stop();
    my @bad = grep { / \[(?:alert|emerg)\] / } split /^/, error_log();
    @bad = grep { !/$expected/ } @bad if $expected;
    push @bad, "needed $signal to end\n" if $signal && $signal ne 'QUIT';
    my $reports = Test::Nginx::Local::Server::reports();
    Test::More::is(join('', @bad) . $reports, '',
        'nginx ended cleanly: no alert, no sanitizer report');
}

sub nginx_pid {
    open my $in, '<', "$Test::Nginx::Local::Server::ROOT/logs/nginx.pid"
        or return 0;
    return <$in> + 0;
}

sub nginx_signal { kill $_[0], nginx_pid() }

sub error_log {
    my $lines = Test::Nginx::Local::Server::whole_error_log();
    return join '', @$lines;
}

# Status, who (X-Who), and what the log says of the evidence that the request
# brought: once for each request.

sub asked_as {
    my ($evidence, $path, @request) = @_;
    my $before = () = error_log() =~ /billing: $evidence /g;
    my ($status, $head) = get($path, @request);
    my ($who) = $head =~ /^X-Who: \[(.*?)\]/m;
    my @why = error_log() =~ /billing: $evidence ([^,\n]+)/g;
    splice @why, 0, $before;
    return join '; ', "$status $who", @why;
}

# One request on a connection of its own: status, head, body, seconds.

sub get {
    my ($path, %how) = @_;
    my $method = $how{method} || 'GET';
    my $body = $how{body} // '';
    my $start = time;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $Test::Nginx::Local::Server::PORT, Timeout => 5)
        or return (0, "no connection: $!", '', 0);
    my $length = length $body ? 'Content-Length: ' . length($body) . "\r\n"
        : '';
    print $socket "$method $path HTTP/1.1\r\nHost: localhost\r\n",
        "Connection: close\r\n$length",
        (map { "$_\r\n" } @{ $how{headers} || [] }), "\r\n", $body;
    return $socket if $how{async};
    return answer($socket, $start);
}

sub answer {
    my ($socket, $start) = @_;
    local $/;
    my $text = <$socket> // '';
    my ($head, $body) = split /\r\n\r\n/, $text, 2;
    my ($status) = ($head // '') =~ m{^HTTP/1\.1 (\d+)};
    return ($status // 0, $head // '', $body // '', time - ($start // time));
}

# The module's counters, by name.

sub counters {
    my ($path) = @_;
    my (undef, undef, $body) = get($path || '/billing/status?format=json');
    return eval { JSON::PP::decode_json($body) } || {};
}

sub until_true {
    my ($what, $seconds) = @_;
    my $end = time + ($seconds || 5);
    while (time < $end) {
        my $value = $what->();
        return $value if $value;
        sleep 0.02;
    }
    return '';
}

1;
