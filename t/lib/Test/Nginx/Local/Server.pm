package Test::Nginx::Local::Server;

# One nginx under test: its folder, its configuration, its life and its logs.
# It runs in the foreground as our child, so its end and exit code are known.

use strict;
use warnings;

use Cwd ();
use File::Path qw(make_path remove_tree);
use File::Temp ();
use IO::Socket::INET;
use POSIX qw(WNOHANG);
use Time::HiRes qw(sleep time);

our $WORKERS     = 1;
our $CONNECTIONS = 64;
our $MASTER      = 'off';
our $LOG_LEVEL   = $ENV{TEST_NGINX_LOG_LEVEL} || 'debug';
our $SERVER_NAME = 'localhost';
our $ADDRESS     = '127.0.0.1';
our $PREAMBLE    = '';
our $ROOT_LOCATION = 1;
our @ENVIRONMENT;

# Under valgrind everything is some 25 times slower.
our $SLOWNESS = $ENV{TEST_NGINX_USE_VALGRIND} ? 10 : 1;

# How a process ends whose sanitizer has found something.
our $SANITIZER_EXIT = 23;

our $ROOT;
our $PORT;

my ($pid, $status, %given, %ports, $error_log_pos, $access_log_pos);
my $owner = $$;

# Below the range that the system gives to connections: who listens at it
# later would often find one of those there.
sub free_port {
    for (1 .. 1000) {
        my $port = 10240 + int rand 22528;
        next if $given{$port}++;
        return $port if IO::Socket::INET->new(LocalAddr => $ADDRESS,
            LocalPort => $port, Listen => 1, Proto => 'tcp');
    }
    die "no free port: $!\n";
}

sub prepare {
    return if defined $ROOT;
    $PORT = $ENV{TEST_NGINX_PORT} || $ENV{TEST_NGINX_SERVER_PORT}
        || free_port();
    $ROOT = $ENV{TEST_NGINX_SERVROOT}
        || File::Temp::tempdir('billing-test-XXXXXX', TMPDIR => 1);
    make_path($ROOT);
    chmod 0755, $ROOT;          # workers may run as somebody else
    $ROOT = Cwd::realpath($ROOT);
    $ENV{TEST_NGINX_PORT} = $ENV{TEST_NGINX_SERVER_PORT} = $PORT;
    $ENV{TEST_NGINX_SERVER_ROOT} = $ROOT;
    $ENV{TEST_NGINX_HTML_DIR} = "$ROOT/html";
}

sub fresh_folders {
    prepare();
    for my $folder (qw(conf logs html tmp)) {
        remove_tree("$ROOT/$folder");
        make_path("$ROOT/$folder");
    }
    ($error_log_pos, $access_log_pos) = (0, 0);
}

# $TEST_NGINX_... in a configuration text; an unknown one is a mistake.

sub expand {
    my ($text, $name) = @_;
    return '' if !defined $text;
    $text =~ s/\$(TEST_NGINX_RAND_PORT_[0-9]+)/$ports{$1} ||= free_port()/ge;
    $text =~ s/\$(TEST_NGINX_[_A-Z0-9]+)/
        defined $ENV{$1} ? $ENV{$1} : die "$name - \$$1 is not set\n"/gex;
    return $text;
}

sub load_modules {
    return join '', map { "load_module $_;\n" }
        split ' ', $ENV{TEST_NGINX_LOAD_MODULES} || '';
}

# Debian's nginx has its folders for temporary files compiled in.

sub temporary_paths {
    my ($http) = @_;
    return join '', map { "    ${_}_temp_path $ROOT/tmp/$_;\n" }
        grep { $http !~ /\b${_}_temp_path\b/ }
        qw(client_body proxy fastcgi uwsgi scgi);
}

sub write_config {
    my ($block) = @_;
    my $name = $block->name;
    my %text = map { $_ => expand(scalar $block->$_, $name) }
        qw(main_config http_config config);
    my $preamble = expand($PREAMBLE, $name);
    my $level = $block->log_level || $LOG_LEVEL;
    chomp $level;
    my $main = load_modules() . join '', map { "env $_;\n" } @ENVIRONMENT;
    if ($MASTER eq 'on' && $> == 0 && $text{main_config} !~ /^\s*user\s/m) {
        $main .= "user root root;\n";
    }
    my $temporary = temporary_paths($text{http_config});
    my $root = $ROOT_LOCATION && $text{config} !~ m{location\s+/\s*\{}
        ? "        location / { root $ROOT/html; index index.html; }\n" : '';

    open my $out, '>', "$ROOT/conf/nginx.conf" or die "nginx.conf: $!\n";
    print $out <<"CONF";
$main
worker_processes $WORKERS;
daemon off;
master_process $MASTER;
error_log $ROOT/logs/error.log $level;
pid $ROOT/logs/nginx.pid;

$text{main_config}

http {
    access_log $ROOT/logs/access.log;
    default_type text/plain;
    keepalive_timeout 68;
$temporary
$text{http_config}

    server {
        listen $ADDRESS:$PORT;
        server_name '$SERVER_NAME';
        client_max_body_size 30m;
$preamble
$text{config}
$root
    }
}

events {
    worker_connections $CONNECTIONS;
}
CONF
    close $out or die "nginx.conf: $!\n";
}

# valgrind lets go of what a script execs: nothing would be looked at, and all
# would pass.

sub no_script {
    my ($nginx) = @_;
    open my $in, '<:raw', $nginx or die "$nginx: $!\n";
    read $in, my $start, 2;
    die "valgrind needs nginx itself, not the script $nginx\n"
        if $start eq '#!';
}

sub command {
    my $nginx = $ENV{TEST_NGINX_BINARY};
    if (!$nginx) {
        ($nginx) = grep { -x } map { "$_/nginx" }
            split(/:/, $ENV{PATH}), '/usr/sbin';
    }
    my @valgrind;
    if ($ENV{TEST_NGINX_USE_VALGRIND}) {
        no_script($nginx);
        my ($folder) = __FILE__ =~ m{^(.*)/Local/};
        @valgrind = (qw(valgrind --quiet --leak-check=full --num-callers=25
            --keep-debuginfo=yes
            --errors-for-leak-kinds=definite --show-leak-kinds=definite),
            '--suppressions=' . Cwd::realpath("$folder/valgrind.supp"),
            "--log-file=$ROOT/logs/valgrind.%p");
    }
    return (@valgrind, $nginx || 'nginx', '-p', "$ROOT/", '-c',
        'conf/nginx.conf', '-e', "$ROOT/logs/error.log");
}

sub more_options {
    my ($tool, $options) = @_;
    $ENV{"${tool}_OPTIONS"} = join ':', grep { $_ } $ENV{"${tool}_OPTIONS"},
        $options;
}

sub child {
    my ($must_die, @command) = @_;
    setpgrp 0, 0;
    open STDIN, '<', '/dev/null';
    open STDOUT, '>', "$ROOT/logs/stderr.log";
    open STDERR, '>&', \*STDOUT;
    my $options = "log_path=$ROOT/logs/sanitizer";
    # A master that refuses its configuration leaks nginx's own memory.
    my $leaks = $must_die ? 'detect_leaks=0' : 'fast_unwind_on_malloc=0';
    more_options('ASAN',
        "detect_odr_violation=0:exitcode=$SANITIZER_EXIT:$leaks:$options");
    more_options('UBSAN', "print_stacktrace=1:$options");
    { no warnings; exec { $command[0] } @command; }
    print STDERR "cannot run $command[0]: $!\n";
    POSIX::_exit(127);
}

# True once nginx listens; false when it has ended instead (see exit_status).

sub start {
    my ($must_die) = @_;
    undef $status;
    $owner = $$;
    my @command = command();    # it may die, which only we may do
    $pid = fork;
    die "fork: $!\n" if !defined $pid;
    child($must_die, @command) if $pid == 0;

    my $until = time + 10 * $SLOWNESS;
    while (time < $until) {
        if (waitpid($pid, WNOHANG) == $pid) {
            $status = $?;
            undef $pid;
            return 0;
        }
        return 1 if -s "$ROOT/logs/nginx.pid";
        sleep 0.01;
    }
    die "nginx neither listens nor ends\n" . output();
}

sub exit_status { return $status }

# QUIT, so that the ways out are tested too; sterner when it does not go.

sub stop {
    return if !defined $pid;
    for my $step ([QUIT => 6], [TERM => 3], [KILL => 2]) {
        my ($signal, $seconds) = @$step;
        kill $signal, $signal eq 'KILL' ? -$pid : $pid;
        my $until = time + $seconds * $SLOWNESS;
        while (time < $until) {
            if (waitpid($pid, WNOHANG) == $pid) {
                $status = $?;
                kill 'KILL', -$pid;     # what it may have left behind
                undef $pid;
                return $signal;
            }
            sleep 0.01;
        }
    }
    undef $pid;
    return 'none';
}

sub read_from {
    my ($name, $position) = @_;
    open my $in, '<', "$ROOT/logs/$name" or return [];
    seek $in, $$position, 0;
    my @lines = <$in>;
    $$position = tell $in;
    return \@lines;
}

# What nginx has logged since the last look.

sub error_log_data  { return read_from('error.log', \$error_log_pos) }
sub access_log_data { return read_from('access.log', \$access_log_pos) }
sub whole_error_log { my $at = 0; return read_from('error.log', \$at) }

sub output {
    my $at = 0;
    return join '', @{ read_from('stderr.log', \$at) };
}

# nginx leaves its own arrays to the end of the process.  A leak is ours when
# one of our functions is on the way to it.

sub without_nginx_leaks {
    my ($report) = @_;
    if ($report =~ /^==\d+== /m && $report !~ /Sanitizer/) {
        return join '', grep { !/ are \w+ lost in / || /billing/ }
            split /^(?:==\d+== *\n)+/m, $report;
    }
    return $report if $report !~ /LeakSanitizer: detected/;
    my @ours = grep { /^\s*#\d+ .*(?:billing|<unknown module>)/m }
        $report =~ /^((?:Direct|Indirect) leak of .*?)(?:\n\n|\z)/gms;
    return join "\n\n", @ours;
}

# Everything a sanitizer or valgrind had to say about this run.

sub reports {
    my $text = '';
    for my $file (glob("$ROOT/logs/sanitizer* $ROOT/logs/valgrind.*")) {
        next if -z $file;
        open my $in, '<', $file or next;
        local $/;
        my $report = without_nginx_leaks(scalar <$in>);
        $text .= $report if $report !~ /\A(==\d+==\s*\n)*\z/;
    }
    return $text . join '', grep { /runtime error:/ } split /^/, output();
}

sub write_user_files {
    my ($files, $name) = @_;
    return if !defined $files;
    if (!ref $files) {
        my @parts = split /^>>>\s*/m, $files;
        shift @parts;
        $files = [map { my ($head, $body) = split /\n/, $_, 2;
                        [split(' ', $head), $body] } @parts];
        @$_ = ($_->[0], $_->[-1]) for @$files;
    } elsif (ref $files eq 'HASH') {
        $files = [map { [$_, $files->{$_}] } keys %$files];
    }
    for my $file (@$files) {
        my ($path, $body) = @$file;
        $path = $path =~ m{^/} ? $path : "$ROOT/html/$path";
        make_path($path =~ m{^(.*)/});
        open my $out, '>', $path or die "$name - $path: $!\n";
        print $out defined $body ? $body : '';
        close $out or die "$name - $path: $!\n";
    }
}

sub version {
    my $nginx = (command())[-7] || 'nginx';
    my ($version) = `$nginx -v 2>&1` =~ m{nginx/(\d+\.\d+\.\d+)};
    return $version || '0.0.0';
}

END {
    if ($$ == $owner && defined $ROOT) {
        local $?;
        stop();
        remove_tree($ROOT)
            if !$ENV{TEST_NGINX_SERVROOT} && !$ENV{TEST_NGINX_KEEP};
    }
}

1;
