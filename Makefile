# The native libraries of all folders; `make -j2` shares two cores among them. The engines take longest and start first.
all: hls host sim
hls host sim:
	$(MAKE) -C $@
clean:
	for folder in hls host sim; do $(MAKE) -C $$folder clean; done

.PHONY: all hls host sim clean
