# SPDX-License-Identifier: GPL-2.0-only
# Completion of lkos for bash.

declare -A _lkos_options=(
	[run]="--emulate --log --anyway --dry-run -v --help"
	[check]="--emulate --json --help"
	[symbols]="--release --json --help"
	[options]="--json --help"
	[doctor]="--emulate --help"
)

# The words that begin as the one that is being typed, of the given ones.
_lkos_words()
{
	mapfile -t COMPREPLY < <(compgen -W "$*" -- "${COMP_WORDS[COMP_CWORD]}")
}

# Files, and with -c commands.
_lkos_files()
{
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen "$@" -f -- "${COMP_WORDS[COMP_CWORD]}" | sort -u)
}

# Is the word behind the program of lkos run, or that of --log? Then it is a file, as for most commands.
_lkos_is_behind_program()
{
	local i
	for ((i = 2; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--log) ((++i == COMP_CWORD)) && return ;;
		--) ((++i < COMP_CWORD)); return ;;
		-*) ;;
		*) return ;;
		esac
	done
	return 1
}

_lkos()
{
	local command=${COMP_WORDS[1]}
	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		_lkos_words run check symbols options doctor --help --version
	elif [[ $command == run ]] && _lkos_is_behind_program; then
		_lkos_files
	elif [[ ${COMP_WORDS[COMP_CWORD]} == -* ]]; then
		_lkos_words "${_lkos_options[$command]}"
	elif [[ $command == run ]]; then
		_lkos_files -c
	elif [[ $command == check ]]; then
		_lkos_files
	elif [[ $command == symbols && ${COMP_WORDS[COMP_CWORD - 1]} != --release ]]; then
		_lkos_words "$(lkos symbols 2>/dev/null | awk 'NR > 2 { print $1; print $2 }')" libc
	elif [[ $command == options ]]; then
		_lkos_words "$(lkos options 2>/dev/null | awk 'NR > 2 { print $1 }')"
	fi
}

complete -F _lkos lkos
