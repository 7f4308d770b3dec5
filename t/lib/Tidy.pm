package Tidy;

# What the tests of t/tidy share: finding files, reading them, and C without
# its comments and strings.  Paths are relative to the root of the tree.

use strict;
use warnings;

use Cwd ();
use Exporter 'import';
use File::Basename ();
use File::Find ();

our @EXPORT = qw(files slurp bare_c commands functions);

chdir Cwd::realpath(File::Basename::dirname(__FILE__) . '/../..')
    or die "cannot enter the root: $!\n";

# All files of the tree but what is made, sorted, whose name matches.

sub files {
    my ($pattern) = @_;
    my @found;
    File::Find::find({ no_chdir => 1, wanted => sub {
        (my $name = $_) =~ s{^\./}{};
        if (-d && $name =~ m{^(?:\.git|build|run)$|(?:^|/)node_modules$}) {
            $File::Find::prune = 1;
            return;
        }
        push @found, $name if -f && $name =~ $pattern;
    } }, '.');
    return sort @found;
}

sub slurp {
    my ($name) = @_;
    open my $in, '<', $name or die "$name: $!\n";
    local $/;
    my $text = <$in>;
    return defined $text ? $text : '';
}

# Comments and what is between quotes become blanks; lines stay where they are.

sub bare_c {
    my ($text) = @_;
    my $blank = sub { (my $b = $_[0]) =~ s/[^\n]/ /g; $b };
    $text =~ s{(/\*.*?\*/)|("(?:\\.|[^"\\\n])*")|('(?:\\.|[^'\\\n])*')}{
        defined $1 ? $blank->($1) : '"' . $blank->(substr $&, 2) . '"'}gsex;
    return $text;
}

# Every function of a C file as [name, first line, number of lines].

sub functions {
    my ($text) = @_;
    my (@found, $start, $name);
    my @lines = split /\n/, bare_c($text);
    for my $i (0 .. $#lines) {
        $name = $1 if $lines[$i] =~ /^(\w+)\(/;
        $start = $i if $lines[$i] =~ /^\{/;
        if (defined $start && $lines[$i] =~ /^\}/) {
            push @found, [$name || '?', $start + 1, $i - $start + 1];
            undef $start;
        }
    }
    return @found;
}

# The directives of the ngx_command_t tables: name => its flags.

sub commands {
    my %found;
    for my $file (files(qr{^src/http/.*\.c$})) {
        my $text = slurp($file);
        while ($text =~ /ngx_command_t\s+\w+\[\]\s*=\s*\{(.*?)ngx_null_command/gs) {
            my $table = $1;
            while ($table =~ /ngx_string\("(\w+)"\)\s*,\s*([A-Z0-9_|\s]+)/g) {
                $found{$1} = $2;
            }
        }
    }
    return %found;
}

1;
