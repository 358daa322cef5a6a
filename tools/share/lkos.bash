# SPDX-License-Identifier: GPL-2.0-only
# Completion of lkos for bash.

# The words that begin as the one that is being typed, of the given ones.
_lkos_words()
{
	mapfile -t COMPREPLY < <(compgen -W "$*" -- "${COMP_WORDS[COMP_CWORD]}")
}

_lkos_files()
{
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
}

# lkos run: its own options up to the program, then files, as for most commands.
_lkos_run()
{
	local word=${COMP_WORDS[COMP_CWORD]} i
	for ((i = 2; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--log) ((++i == COMP_CWORD)) && { _lkos_files; return; } ;;
		--) ((i++)); break ;;
		-*) ;;
		*) break ;;
		esac
	done
	if ((i < COMP_CWORD)); then
		_lkos_files
	elif [[ $word == -* ]]; then
		_lkos_words --emulate --log --anyway --dry-run -v --help
	else
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -c -f -- "$word" | sort -u)
	fi
}

_lkos_symbols()
{
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	--release) return ;;
	esac
	if [[ ${COMP_WORDS[COMP_CWORD]} == -* ]]; then
		_lkos_words --release --json --help
	else
		_lkos_words "$(lkos symbols 2>/dev/null | awk 'NR > 2 { print $1; print $2 }')" libc
	fi
}

_lkos()
{
	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		_lkos_words run check symbols options doctor --help --version
		return
	fi
	case ${COMP_WORDS[1]} in
	run) _lkos_run ;;
	check)
		if [[ ${COMP_WORDS[COMP_CWORD]} == -* ]]; then
			_lkos_words --emulate --json --help
		else
			_lkos_files
		fi
		;;
	symbols) _lkos_symbols ;;
	options)
		if [[ ${COMP_WORDS[COMP_CWORD]} == -* ]]; then
			_lkos_words --json --help
		else
			_lkos_words "$(lkos options 2>/dev/null | awk 'NR > 2 { print $1 }')"
		fi
		;;
	doctor) _lkos_words --emulate --help ;;
	esac
}

complete -F _lkos lkos
